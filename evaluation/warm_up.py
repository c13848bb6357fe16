"""Load what training runs before its time is taken."""

from __future__ import annotations

from evaluation.memory import is_out_of_memory
from evaluation.phase import Member, PhaseRun, Trainer


def warm_up(trainer: Trainer, member: Member) -> None:
    """Take a step and score it, for nothing: the first call of a compiled function loads or compiles it.

    That takes as long as many stages of a small network, and would be counted as training time of the first
    prefixes, and as saved by every network that shares them.

    Args:
        trainer: what is about to train.
        member: one of those it trains.
    """
    first = Member(member.genome.prefix(1), member.seed, member.draw)
    try:
        run = PhaseRun(trainer, [first], trainer.layout.initial()[None].to(trainer.device), depth=1, index=0)
        run.train(next(run.epochs())[:, :1])
        run.validate()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):  # Of that, training itself will tell.
            raise
