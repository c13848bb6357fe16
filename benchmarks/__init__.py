"""Measurements of the project itself; run from a checkout, not installed."""
