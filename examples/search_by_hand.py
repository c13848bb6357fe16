"""A search in twenty lines: ask an optimizer, evaluate, tell it, and draw what the best networks share.

python examples/search_by_hand.py [heatmap.png]
"""

import sys

from analysis.average import average
from analysis.choose import top
from analysis.figures import draw_heatmap
from evaluation.evaluator import Evaluator
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import DesignSpace, Evaluation, Request
from optimizers import create


def main(picture: str = "heatmap.png") -> None:
    """Search at a small scale (a fiftieth of the default's training) and draw the average architecture."""
    space = DesignSpace(layers=6, neurons=("soft",))
    evaluator = Evaluator(SparseRecovery(m=16, n=32, train=4096), protocol("quick").scaled(0.02))
    optimizer = create("evolution", space, seed=0)
    evaluations: list[Evaluation] = []
    for _ in range(4):
        batch = evaluator.evaluate([Request(genome) for genome in optimizer.ask(8)])
        optimizer.tell(batch)
        evaluations += batch
        leader = top(evaluations, 1)[0]
        print(f"{len(evaluations)} networks: best {leader.score:.2f} dB, {leader.connections} connections")
    found = average(evaluation.genome for evaluation in top(evaluations, 8))
    draw_heatmap(picture, found.share, title="Share of the best 8 networks that use a connection")


if __name__ == "__main__":
    main(*sys.argv[1:])
