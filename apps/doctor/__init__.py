"""Say whether this installation is sound, and what to do if it is not: ``python -m apps.doctor``."""
