"""Problems: what a network is trained for, and what counts as good."""

from evaluation.problems.base import Problem
from evaluation.problems.data_file import DataFile
from evaluation.problems.sparse_recovery import SparseRecovery

__all__ = ["DataFile", "Problem", "SparseRecovery"]
