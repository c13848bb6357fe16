"""Command-line programs: ``python -m apps.<name>`` wires the rooms together and draws the terminal."""
