"""Take a search apart: how stable its average is, its patterns, and what each connection does."""
