"""Entry point of ``python -m apps.study``."""

import signal
import sys

from apps.study.cli import main

if __name__ == "__main__":
    # A scheduler's request to end leaves as clean a run as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
