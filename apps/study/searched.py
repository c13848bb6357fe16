"""Figures 2, 3 and 9: hand-made patterns, the average of a search's best networks, and how stable it is."""

from __future__ import annotations

from typing import Final

from analysis.average import Average, average
from analysis.choose import top
from analysis.connectivity_figure import draw_connectivity
from analysis.difference_figure import draw_difference
from analysis.figure_files import save_figure
from analysis.figures import heatmap_figure
from analysis.overlap import overlap, soft_share
from analysis.patterns import agreement, pattern
from analysis.stability import Difference, bootstrap, difference
from apps.study.content import Finding, Piece
from apps.study.reported import DENSE, LFISTA, LISTA
from apps.study.study import MAIN_OPTIMIZER, OPTIMIZERS, OTHER_SEED, SEARCH_SEED, Study
from builders.injections import Form
from genome import Genome
from genome.neurons import NEURONS
from genome.patterns import extra_places

_NEARLY_HALF: Final = 0.4
"""Share from which on something is "nearly half"."""


def figure2(study: Study) -> Piece:
    """Figure 2: the average architecture, its patterns, and whether three optimizers agree on it."""
    piece = Piece("figure2", "Figure 2: the average architecture of a search")
    scale = study.scale
    piece.notes.append(
        f"The best {scale.top} of {scale.budget} networks of each search (the paper: 50 of 25,000), without "
        f"noise, {scale.look:g} times the protocol's steps; connections are searched with soft thresholds, "
        "neurons in a search of their own."
    )
    for form in study.forms:
        averages = {name: study.average(form, name) for name in OPTIMIZERS}
        main = averages[MAIN_OPTIMIZER]
        for name in OPTIMIZERS:
            for evaluation in study.searched(form, name):
                piece.record("b", form, name, evaluation)
        for evaluation in study.searched(form, seed=OTHER_SEED):
            piece.record("b", form, f"{MAIN_OPTIMIZER}, other seed", evaluation)
        title = f"Average of the best {main.count}, {form} form"
        picture = heatmap_figure(main.share, title=title, chosen=main.genome(), outlined="average network")
        save_figure(picture, study.folder / f"figure2-{form}")
        piece.figure(f"figure2-{form}", f"{title}; outlined: connections of at least half of them")
        piece.table(form, f"Patterns, {form} form", ("what", "value"), _patterns(main))
        piece.table(
            f"{form}-optimizers", f"Optimizers, {form} form", _HEAD, _optimizers(study, form, averages)
        )
        piece.findings += [*_consensus(main, form), *_agreement(study, averages, form)]
        piece.data[form] = {name: each.to_dict() for name, each in averages.items()}
    piece.findings.append(_neurons(study, piece))
    return piece


def figure9(study: Study) -> Piece:
    """Figure 9: the average of fewer of the best networks minus that of more."""
    piece = Piece("figure9", "Figure 9: stability of the average architecture")
    scale = study.scale
    for form in study.forms:
        wide, narrow = study.average(form), study.average(form, count=scale.against)
        found = difference(narrow, wide)
        title = f"Top {scale.against} minus top {scale.top}, {form} form"
        draw_difference(study.folder / f"figure9-{form}", found.values, title=title)
        piece.figure(f"figure9-{form}", title)
        best = top(study.searched(form), scale.top)
        resampled = bootstrap([each.genome for each in best], seed=SEARCH_SEED)
        states = {state: resampled.connections(state) for state in ("on", "off", "open")}
        total = len(extra_places(scale.layers))
        piece.table(
            form,
            f"{piece.title}, {form} form",
            ("what", "value"),
            [
                ["mean absolute difference of shares", round(found.mean, 4)],
                ["largest difference", _largest(found)],
                ["connections that change sides of 0.5", f"{len(found.crossing)} of {total}"],
                ["settled on, of resampled averages", f"{len(states['on'])} of {total}"],
                ["settled off", f"{len(states['off'])} of {total}"],
                ["open", f"{len(states['open'])} of {total}"],
            ],
            "Settled: on, or off, in at least 95% of 1,000 averages of the top set, resampled.",
        )
        piece.findings.append(
            Finding(
                "The average of fewer of the best networks is nearly the same.",
                "Figure 9",
                form,
                "holds" if len(found.crossing) <= total / 20 else "fails",
                f"{len(found.crossing)} of {total} connections change sides of 0.5; holds up to 1 in 20",
            )
        )
    return piece


_HEAD: Final = ("optimizer", "best", "connections", "shared with reinforce", "mean difference of shares")


def _largest(found: Difference) -> str:
    if found.largest is None:
        return "none"
    destination, source = found.largest
    return f"{found.at(found.largest):+.2f} at {destination} <- {source}"


def _patterns(main: Average) -> list[list[object]]:
    """The statements of section 4, of this average."""
    genome = main.genome()
    own, agreed = pattern(genome), agreement(main)
    distances = ", ".join(f"{use.place}: {use.used:g} of {use.possible}" for use in own.by_distance)
    layers = ", ".join(f"{use.place}: {use.used:g} of {use.possible}" for use in own.by_layer)
    return [
        ["extra connections", genome.connections],
        ["by destination layer", layers],
        ["by distance", distances],
        ["layers without an extra connection", ", ".join(map(str, own.without)) or "none"],
        ["at least 90% agree to be off", f"{agreed.off} of {agreed.possible}"],
        ["at least 90% agree to be on", f"{agreed.on} of {agreed.possible}"],
    ]


def _optimizers(study: Study, form: Form, averages: dict[str, Average]) -> list[list[object]]:
    rows: list[list[object]] = []
    for name, each in averages.items():
        best = top(study.searched(form, name), study.scale.top)
        compared = overlap(each, averages[MAIN_OPTIMIZER])
        scores = f"{best[0].score:.2f} to {best[-1].score:.2f} dB"
        shared = f"{compared.jaccard:.0%}"
        rows.append([name, scores, each.genome().connections, shared, round(compared.difference, 3)])
    return rows


def _consensus(main: Average, form: Form) -> list[Finding]:
    agreed = agreement(main)
    genome = main.genome()
    own = pattern(genome)
    off = agreed.off / agreed.possible if agreed.possible else 0.0
    last = own.last
    return [
        Finding(
            "Over 90% of the best networks agree not to use nearly half of the connections.",
            "section 4, Figure 2",
            form,
            "holds" if off >= _NEARLY_HALF else "fails",
            f"{agreed.off} of {agreed.possible}; holds from {_NEARLY_HALF:.0%} on",
        ),
        Finding(
            "Every layer has at least one extra connection.",
            "section 4, Figure 2",
            form,
            "fails" if own.without else "holds",
            f"none in layers {', '.join(map(str, own.without))}" if own.without else "all have one",
        ),
        Finding(
            "The last layer takes most of the earlier ones.",
            "section 4, Figure 2",
            form,
            "holds" if last is not None and last.share > 1 / 2 else "fails",
            "no layer" if last is None else f"{last.used:g} of {last.possible} sources",
        ),
    ]


def _agreement(study: Study, averages: dict[str, Average], form: Form) -> list[Finding]:
    """Whether optimizers agree as well as two searches of one of them do."""
    main, own = averages[MAIN_OPTIMIZER], study.average(form, seed=OTHER_SEED)
    among = overlap(own, main).jaccard
    others = {name: overlap(each, main).jaccard for name, each in averages.items() if name != MAIN_OPTIMIZER}
    shares = ", ".join(f"{name} {share:.0%}" for name, share in others.items())
    return [
        Finding(
            "Three optimizers find nearly identical patterns.",
            "section 2.3",
            form,
            "holds" if min(others.values()) >= among else "fails",
            f"connections shared with {MAIN_OPTIMIZER}: {shares}; by its other seed {among:.0%}",
        )
    ]


def _neurons(study: Study, piece: Piece) -> Finding:
    """Soft thresholds among the best networks, where all three neurons may be chosen."""
    form = study.forms[0]
    found = study.searched(form, neurons=NEURONS)
    for evaluation in found:
        piece.record("b", form, f"{MAIN_OPTIMIZER}, neurons", evaluation)
    best = average(each.genome for each in top(found, study.scale.top))
    soft = soft_share(best)
    one = ", ".join(dict.fromkeys(best.neurons))
    return Finding(
        "The best networks use soft thresholds only.",
        "section 3.2",
        form,
        "holds" if soft == 1.0 else "fails",
        f"{soft:.0%} of the neurons of the best {best.count}; the most used in every layer: {one}",
    )


def figure3(study: Study) -> Piece:
    """Figure 3: the hand-made connectivity patterns."""
    piece = Piece("figure3", "Figure 3: LFISTA and Dense-LISTA")
    layers = study.scale.layers
    shown = {LFISTA: Genome.lfista(layers), DENSE: Genome.dense(layers)}
    draw_connectivity(study.folder / "figure3", shown)
    piece.figure("figure3", piece.title)
    counted = {LISTA: Genome.lista(layers), **shown, "Released, 16 layers": Genome.released_searched()}
    rows = [[name, genome.connections] for name, genome in counted.items()]
    piece.table("connections", "Extra connections", ("network", "extra connections"), rows)
    return piece
