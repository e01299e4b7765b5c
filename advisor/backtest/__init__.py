"""The estimators held against published and own results."""
