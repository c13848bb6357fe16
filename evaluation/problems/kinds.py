"""The kinds of problems and of their parts that JSON can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evaluation.problems.data_file import DataFile
from evaluation.problems.described import Described
from evaluation.problems.dictionaries import GaussianDictionary, GivenDictionary, LowRankDictionary
from evaluation.problems.dictionary_learning import DictionaryLearning
from evaluation.problems.drawn import Drawn
from evaluation.problems.images import ImageSet
from evaluation.problems.limited import Limited
from evaluation.problems.natural_images import NaturalImages
from evaluation.problems.noise import GaussianNoise, SaltAndPepper
from evaluation.problems.perturbed_dictionary import PerturbedDictionary
from evaluation.problems.signals import BernoulliGaussian, GammaSignals
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.problems.tested_on import TestedOn

KINDS: Final[Mapping[str, type[Described]]] = {
    each.kind: each
    for each in (
        BernoulliGaussian,
        DataFile,
        DictionaryLearning,
        Drawn,
        GammaSignals,
        GaussianDictionary,
        GaussianNoise,
        GivenDictionary,
        ImageSet,
        Limited,
        LowRankDictionary,
        NaturalImages,
        PerturbedDictionary,
        SaltAndPepper,
        SparseRecovery,
        TestedOn,
    )
}
"""Class of each kind, by the name that descriptions have."""
