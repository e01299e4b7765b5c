"""Facts: loads profiles/ and hosted prices; dated look-ups of GPUs, models and prices."""
