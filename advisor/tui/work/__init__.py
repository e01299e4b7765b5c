"""What runs beside the screen: the engine, judgements and calibration runs."""
