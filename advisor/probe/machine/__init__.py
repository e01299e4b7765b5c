"""GPUs and host of this machine, through the tools of their makers."""
