"""Move a connectivity to another setting, and compare it with its rivals there."""
