"""Re-make the tables and figures of the design-space study, ``python -m apps.study``."""
