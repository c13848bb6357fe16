"""What stops an application is told in one sentence, with the exit code that goes with it."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from apps.cli import run
from evaluation.archive import Archive
from genome import load_genome

ROOT = Path(__file__).parents[2]

# A process of its own: what is asked is what its standard streams and its exit code are in the end.
_PROGRAM = (
    "import sys, time\nfrom apps.cli import run\ndef main():\n    {body}\n    return 0\nsys.exit(run(main))\n"
)


def started(body: str, stdout: int, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _PROGRAM.format(body=body)]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=variables)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_an_applications_own_exit_code_passes(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda: code) == code
    assert capsys.readouterr() == ("", "")


def test_refused_input_is_its_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        load_genome(tmp_path / "none.json")
        return 0

    assert run(main) == 2
    told = f"The genome file must be readable, got No such file or directory for {tmp_path / 'none.json'}.\n"
    assert capsys.readouterr() == ("", told)


def test_too_little_memory_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        return np.zeros(10**17).ndim

    assert run(main) == 2
    told = r"There is too little memory for what was asked: Unable to allocate [^\n]+\.\n"
    assert re.fullmatch(told, capsys.readouterr().err)


def test_an_archive_that_cannot_be_used_is_its_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "archive.db"
    with Archive.open(file):
        pass
    file.write_bytes(file.read_bytes()[:4096])

    def main() -> int:
        Archive.open(file).close()
        return 0

    assert run(main) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"The archive {file} is damaged")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (errno.ENOSPC, "the disk is full; free"),
        (errno.EDQUOT, "the disk quota is used up; free"),
        (errno.EROFS, "the file system is read-only; choose"),
        (errno.EACCES, "permission is denied; check"),
        (errno.EPERM, "permission is denied; check"),
        (errno.EISDIR, "a folder has that name; remove"),
        (errno.ENOTDIR, "what should be a folder is a file; remove"),
        (errno.EEXIST, "something else has that name; remove"),
        (errno.ENAMETOOLONG, "the name is too long; choose"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_rule(
    code: int, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> int:
        raise OSError(code, os.strerror(code), "runs/result.json")

    assert run(main) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"Cannot use runs/result.json: {rule} ")
    assert told.endswith(".\n")


def test_of_a_file_that_is_moved_its_new_place_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "result.json").mkdir()
    (tmp_path / "temporary").touch()

    def main() -> int:
        (tmp_path / "temporary").replace(tmp_path / "result.json")
        return 0

    assert run(main) == 2
    told = f"Cannot use {tmp_path / 'result.json'}: a folder has that name; remove it"
    assert capsys.readouterr().err.startswith(told)


_PATHS = {
    "search.cli": "--founder --data --problem --out --storage",
    "baselines.cli": "--genome --network --data --problem --out",
    "compare.cli": "--table --out",
    "export.__main__": "RUN --optuna --archive",
    "study.cli": "--training-images --testing-images --out",
    "analyze.cli": "RUN --archive --out",
    "prune.cli": "GENOME --data --problem --out",
    "transfer.cli": "GENOME --data --problem --out",
}


@pytest.mark.parametrize(
    ("module", "option"), [(module, option) for module, each in _PATHS.items() for option in each.split()]
)
def test_an_empty_path_is_refused(module: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = import_module(f"apps.{module}").parser()
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args([option, ""] if option.startswith("-") else [""])
    assert capsys.readouterr().err.startswith(f"{option}: must not be empty, got ''; ")


@pytest.mark.parametrize("defect", [ValueError("x"), KeyError("x"), FileNotFoundError(errno.ENOENT, "x")])
def test_a_defect_keeps_its_traceback(defect: Exception) -> None:
    def main() -> int:
        raise defect

    with pytest.raises(type(defect), match="x"):
        run(main)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_behind_stdout() -> None:
    with Path("/dev/full").open("w") as full, started("print('x')", full.fileno()) as process:
        _, told = process.communicate(timeout=30)
    assert process.returncode == 2
    assert (
        told == "Cannot use the output: the disk is full; free some space and run the same command again.\n"
    )


def test_a_reader_that_goes_away_is_no_error() -> None:
    with started("[print('x' * 1000) for _ in range(1000)]", subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()
    assert (process.returncode, told) == (141, "")


def test_an_interrupt_says_how_to_go_on() -> None:
    with started("print('on', flush=True); time.sleep(60)", subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told == "Interrupted; run the same command again to go on.\n"


def test_what_stdout_cannot_encode_does_not_end_an_application() -> None:
    with started(r"print('\u00e9')", subprocess.PIPE, PYTHONIOENCODING="ascii") as process:
        assert process.communicate(timeout=30) == ("\\xe9\n", "")
    assert process.returncode == 0
