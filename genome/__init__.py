"""What an architecture is: genomes, the spaces they are searched in, and the records that speak of one.

Pure data on numpy and networkx; nothing here knows how a network is built or trained.
"""

from genome.errors import InputError
from genome.files import load_genome, save_genome
from genome.genome import Genome
from genome.neurons import ALL_NEURONS, LEAKY_SLOPE, NEURONS, Neuron, support_share
from genome.records import Evaluation, Request, Status
from genome.space import DesignSpace
from genome.thresholds import THRESHOLDS, ThresholdKind
from genome.weights import WEIGHTS, Weight

__all__ = [
    "ALL_NEURONS",
    "LEAKY_SLOPE",
    "NEURONS",
    "THRESHOLDS",
    "WEIGHTS",
    "DesignSpace",
    "Evaluation",
    "Genome",
    "InputError",
    "Neuron",
    "Request",
    "Status",
    "ThresholdKind",
    "Weight",
    "load_genome",
    "save_genome",
    "support_share",
]
