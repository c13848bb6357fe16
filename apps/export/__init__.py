"""Export a search as an Optuna study: ``python -m apps.export``."""
