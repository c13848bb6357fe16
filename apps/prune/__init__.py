"""Prune a network with retraining: ranking, backward elimination, comparison, ``python -m apps.prune``."""
