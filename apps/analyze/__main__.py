"""Entry point of ``python -m apps.analyze``."""

import signal
import sys

from apps.analyze.cli import main

if __name__ == "__main__":
    # A scheduler's request to end leaves as clean an analysis as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
