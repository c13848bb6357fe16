"""Measure quality against time: solvers that learn nothing beside networks, ``python -m apps.baselines``."""
