"""The estimators compared with published results and with your own."""
