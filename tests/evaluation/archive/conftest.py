"""Archives to test on, of both kinds, and evaluations to put into them."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from evaluation.archive import Archive
from genome import Evaluation

SERVER = "LISTA_GENOME_TEST_POSTGRES"
ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("processes.py")


@pytest.fixture
def make() -> Callable[..., Evaluation]:
    """The function ``made`` of processes.py: ``make(seed, ...)`` is always the same evaluation."""
    made: Callable[..., Evaluation] = runpy.run_path(str(PROGRAM))["made"]
    return made


@pytest.fixture
def server() -> str:
    """The URL of a PostgreSQL server's database, from which others can be made."""
    if SERVER not in os.environ:
        pytest.skip(f"no PostgreSQL server to test on: {SERVER} is not set to a URL")
    return os.environ[SERVER]


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database."""
    name = f"archive_test_{uuid.uuid4().hex}"
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


# Without a server one test is skipped and says why; the others run on SQLite alone.
@pytest.fixture(params=["sqlite", "postgresql"] if SERVER in os.environ else ["sqlite"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new archive can be made: a SQLite file, then a PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path / "archive.db")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def archive(target: str) -> Iterator[Archive]:
    with Archive.open(target) as opened:
        yield opened


@pytest.fixture
def processes() -> Callable[..., Any]:
    """Run a part of processes.py, which starts real processes, and give what it prints."""

    def run(part: str, *arguments: object) -> Any:
        command = [sys.executable, str(PROGRAM), part, *map(str, arguments)]
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        # One thread: the program forks.
        environment = os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
