"""Search an unrolled network: ``python -m apps.search``."""
