"""Problems: what a network is trained for, and what counts as good."""

from evaluation.problems.base import Problem
from evaluation.problems.data_file import DataFile
from evaluation.problems.dictionaries import GaussianDictionary, GivenDictionary, LowRankDictionary
from evaluation.problems.dictionary_learning import DictionaryLearning
from evaluation.problems.drawn import Drawn
from evaluation.problems.files import load_problem, save_problem
from evaluation.problems.images import ImageSet
from evaluation.problems.json_format import problem_from_dict
from evaluation.problems.limited import Limited
from evaluation.problems.natural_images import NaturalImages
from evaluation.problems.noise import GaussianNoise, SaltAndPepper
from evaluation.problems.paper import PaperSetting, paper_problem, paper_rows
from evaluation.problems.perturbed_dictionary import PerturbedDictionary
from evaluation.problems.signals import BernoulliGaussian, GammaSignals
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.problems.tested_on import TestedOn

__all__ = [
    "BernoulliGaussian",
    "DataFile",
    "DictionaryLearning",
    "Drawn",
    "GammaSignals",
    "GaussianDictionary",
    "GaussianNoise",
    "GivenDictionary",
    "ImageSet",
    "Limited",
    "LowRankDictionary",
    "NaturalImages",
    "PaperSetting",
    "PerturbedDictionary",
    "Problem",
    "SaltAndPepper",
    "SparseRecovery",
    "TestedOn",
    "load_problem",
    "paper_problem",
    "paper_rows",
    "problem_from_dict",
    "save_problem",
]
