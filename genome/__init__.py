"""What an architecture is: genomes, the spaces they are searched in, and the records that speak of one.

Pure data on numpy and networkx; nothing here knows how a network is built or trained.
"""

from genome.errors import InputError
from genome.files import load_genome, save_genome
from genome.genome import Genome
from genome.neurons import LEAKY_SLOPE, NEURONS, Neuron
from genome.records import Evaluation, Request, Status
from genome.space import DesignSpace

__all__ = [
    "LEAKY_SLOPE",
    "NEURONS",
    "DesignSpace",
    "Evaluation",
    "Genome",
    "InputError",
    "Neuron",
    "Request",
    "Status",
    "load_genome",
    "save_genome",
]
