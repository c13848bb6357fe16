"""Entry point of ``python -m apps.search``."""

import sys

from apps.search.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
