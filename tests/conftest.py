"""What all tests share: one thread, reproducible property tests, the reference data."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Set before anything imports torch or NumPy, and inherited by the processes that tests start: results are
# promised to the bit at a fixed thread count, and torch reads this once.
os.environ["OMP_NUM_THREADS"] = "1"

settings.register_profile("project", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("project")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data that lies beside a working copy and is no part of it."""
    if not SHARED.is_dir():
        pytest.skip("the reference data is not there: no folder 'shared' beside the working copy")
    return SHARED
