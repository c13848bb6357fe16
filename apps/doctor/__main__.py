"""The command line of the doctor; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from apps.cli import run
from apps.doctor import report
from apps.doctor.finding import Check, Finding, carry_out
from apps.doctor.versions import imports, versions

_DESCRIPTION = """\
Say in well under a minute whether this installation is sound, and what to do if it is not: versions, device,
threads, precision, a short training, the archive and the disk below the current folder."""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = argparse.ArgumentParser(
        prog="python -m apps.doctor",
        description=_DESCRIPTION,
        epilog="Exit status: 0 if nothing failed, 1 if something did, 2 for arguments that cannot be used.",
    )
    result.add_argument("--device", default="auto", help="auto (the default), cpu, cuda, mps, ...")
    result.add_argument("--json", action="store_true", help="print the findings as JSON")
    return result


def examine(device: str, watch: Callable[[str], None]) -> list[Finding]:
    """Run all checks; those of the machine only if what they need can be imported.

    Args:
        device: "auto" or any torch device.
        watch: told the name of each check before it runs.

    Raises:
        InputError: torch does not know the device, or reports none of that kind here.
    """

    def found(checks: Sequence[Check]) -> list[Finding]:
        findings = []
        for check in checks:
            watch(check.name)
            findings.append(carry_out(check))
        return findings

    findings = found([Check("versions", versions), Check("imports", imports)])
    if findings[-1].status != "failed":
        from apps.doctor.examination import checks

        findings += found(checks(device))
    return findings


def main(arguments: Sequence[str]) -> int:
    """Examine this installation and print the findings; returns the exit code."""
    options = parser().parse_args(arguments)

    def doctor() -> int:
        start = time.perf_counter()
        console = report.terminal_console()
        with report.watched(None if options.json else console) as watch:
            findings = examine(options.device, watch)
        findings.append(report.terminal(console))
        seconds = time.perf_counter() - start
        if options.json:
            sys.stdout.write(report.as_json(findings, seconds))
        elif console is not None:
            report.show_table(console, findings, seconds)
        else:
            sys.stdout.write(report.as_lines(findings, seconds))
        return 0 if report.sound(findings) else 1

    return run(doctor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
