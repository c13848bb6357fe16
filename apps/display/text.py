"""How numbers and names read in a terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.shown import choices
from genome import Evaluation, Genome

if TYPE_CHECKING:
    from evaluation.reuse import Reuse


def decibels(value: float | str | None) -> str:
    """Two decimals; "diverged" for what is not finite, for the text "inf" of strict JSON, and for None."""
    number = math.inf if value is None else float(value)
    return f"{number:.2f}" if math.isfinite(number) else "diverged"


def difference(value: float | None) -> str:
    """A difference in dB with its sign; "diverged" for None and for what is not finite."""
    return "diverged" if value is None or not math.isfinite(value) else f"{value:+.2f}"


def reused_stages(reuse: Reuse) -> str:
    """What sharing and keeping trained prefixes has brought so far."""
    saved = clock(reuse.seconds_saved)
    return f"{reuse.stages_reused} of {reuse.stages_asked} stages reused ({saved} saved)"


def dropped_stages(evaluations: Iterable[Evaluation]) -> str:
    """How many networks halving dropped after which stage; empty where it dropped none."""
    return dropped_after(Counter(each.stages for each in evaluations if each.censored))


def dropped_after(dropped: Mapping[int, int]) -> str:
    """Stage -> networks dropped after it, as "32 dropped after stage 4, 16 after stage 6"."""
    parts = [f"{count} after stage {stage}" for stage, count in sorted(dropped.items()) if count]
    return ", ".join(parts).replace(" after", " dropped after", 1)


def clock(seconds: float) -> str:
    """A duration as on a stopwatch: 0:07, 3:12, 1:02:03."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counts(names: Iterable[str]) -> str:
    """How often each name stands there, most often first, then by name: "6 soft, 1 leaky_relu, 1 relu"."""
    ranked = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {name}" for name, count in ranked)


def choice_counts(genome: Mapping[str, Any]) -> str:
    """How many layers use what: "6 soft, 2 support; 3 coupled; 1 no side"; see `analysis.shown.choices`.

    Args:
        genome: as JSON, see `Genome.to_dict`.
    """
    return "; ".join(counts(names) for names in choices(genome))


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values as (dotted name, value)."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def ranges(numbers: Sequence[int]) -> str:
    """Ascending whole numbers with runs of three and more drawn together: "1-4,6,7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(str(number) for number in run) for run in runs
    )


def extra_sources(genome: Genome) -> dict[int, str]:
    """Destination layer -> sources of its extra connections; layers without any are left out."""
    sources: dict[int, list[int]] = {}
    for destination, source in genome.extra_connections():
        sources.setdefault(destination, []).append(source)
    return {destination: ranges(found) for destination, found in sources.items()}


def gates(genome: Genome) -> str:
    """The extra connections in one line; in "4<1 6<1-3", layer 4 also takes x(1), layer 6 x(1) to x(3)."""
    return " ".join(f"{layer}<{sources}" for layer, sources in extra_sources(genome).items()) or "none"


def available(layers: int) -> int:
    """Number of extra connections that a network of this depth can have."""
    return (layers - 1) * (layers - 2) // 2


def printable(text: str) -> str:
    """The text with control characters replaced, so that a file's name cannot steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
