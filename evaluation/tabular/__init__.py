"""Tables of every network of a small space, trained beforehand: an evaluator that trains nothing."""

from evaluation.tabular.evaluator import TabularEvaluator
from evaluation.tabular.files import load_table, save_table, table_names
from evaluation.tabular.table import Table

__all__ = ["Table", "TabularEvaluator", "load_table", "save_table", "table_names"]
