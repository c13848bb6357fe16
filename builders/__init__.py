"""From genomes to torch: cells, injections, neurons, and the networks they make."""

from builders.network import UnrolledNetwork, build

__all__ = ["UnrolledNetwork", "build"]
