"""What the desk does, one subject to a controller: files, judging, calibration."""
