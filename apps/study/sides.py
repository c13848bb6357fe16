"""Figures 7 and 8: what side connections are worth, in LISTA and in networks with extra connections."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import Final

import numpy as np

from analysis.distribution_figure import Panel, draw_distribution
from analysis.reconnection_figure import draw_reconnection
from analysis.side_pruning import Share, reconnected, side_patterns, summarize_sides, with_side
from analysis.study_piece import Answer
from apps.study.content import Finding, Piece, test_score
from apps.study.reported import LISTA
from apps.study.study import SEARCH_SEED, Study
from apps.study.verdicts import ANY
from builders.injections import Form
from genome import Evaluation, Genome
from genome.patterns import spread_patterns

_MOSTLY: Final = 0.9
"""Share from which on something holds "almost always"."""


def figure7(study: Study) -> Piece:
    """Figure 7: LISTA without some of its side connections."""
    piece = Piece("figure7", "Figure 7: side connections pruned from LISTA")
    layers, form = study.scale.layers, study.forms[0]
    rng = np.random.default_rng(SEARCH_SEED)
    patterns = [side for side in side_patterns(layers, study.scale.pruned, rng) if not all(side)]
    lista = Genome.lista(layers)
    whole = study.lista("b")
    pruned = study.look("b", form, [with_side(lista, side) for side in patterns])
    for name, evaluations in ((LISTA, whole), ("LISTA, pruned", pruned)):
        for evaluation in evaluations:
            piece.record("b", form, name, evaluation)
    piece.notes.append(
        f"{len(pruned)} of the {2 ** (layers - 1) - 1} ways to prune side connections, but the first, from "
        "LISTA, on the same signals; without extra connections both forms are the same network."
    )
    levels, scores = [test_score(each) for each in whole], [test_score(each) for each in pruned]
    level = fmean(levels)
    points = [(sum(e.genome.side), score) for e, score in zip(pruned, scores, strict=True)]
    panel = Panel("LISTA, side connections pruned", {"pruned": points}, {LISTA: (layers, level)})
    draw_distribution(study.folder / "figure7", [panel], abscissa="side connections")
    piece.figure("figure7", piece.title)
    worse, above = (sum(score > bound for score in scores) for bound in (level, min(levels)))
    piece.data["worse"] = {"number": worse, "of": len(scores)}
    piece.findings.append(
        Finding(
            "Removing side connections always harms LISTA.",
            "Figure 7",
            ANY,
            "holds" if worse == len(scores) else "not shown" if above == len(scores) else "fails",
            f"{worse} of {len(scores)} pruned networks are worse than the mean of {len(levels)} trainings of "
            f"LISTA, {above} than the best of these",
        )
    )
    return piece


def figure8(study: Study) -> Piece:
    """Figure 8: connections injected and side connections pruned, and these put back."""
    piece = Piece("figure8", "Figure 8: side connections pruned from networks with extra connections")
    layers, count = study.scale.layers, study.scale.networks
    rng = np.random.default_rng(SEARCH_SEED + 1)
    sides = [side for side in side_patterns(layers, count + 1, rng) if not all(side)][:count]
    order = rng.permutation(len(sides))
    injected = spread_patterns(layers, len(sides), rng)
    joint = [replace(g, side=sides[place]) for g, place in zip(injected, order, strict=True)]
    piece.notes.append(
        f"{len(joint)} random networks with 1 to {injected[-1].connections} extra connections and every "
        "number of side connections; then the same with all side connections."
    )
    panels = []
    for form in study.forms:
        networks = study.look("b", form, [*joint, *map(reconnected, joint)])
        level = fmean(test_score(each) for each in study.lista("b"))
        pruned, whole = networks[: len(joint)], networks[len(joint) :]
        for kind, evaluations in (("injected and pruned", pruned), ("reconnected", whole)):
            for evaluation in evaluations:
                piece.record("b", form, kind, evaluation)
        before, after = [_point(each) for each in pruned], [_point(each) for each in whole]
        arrows = list(zip(before, after, strict=True))
        path = study.folder / f"figure8b-{form}"
        draw_reconnection(path, arrows, abscissa="connections (extra and side)")
        piece.figure(path.name, f"Figure 8(b), {form} form: from pruned to reconnected")
        points = [(sum(each.genome.side), test_score(each)) for each in pruned]
        panels.append(Panel(f"{form} form", {"injected and pruned": points}, {LISTA: (layers, level)}))
        summary = summarize_sides(level, [score for _, score in before], [score for _, score in after])
        piece.data[form] = {"worse": summary.worse.to_dict(), "gaining": summary.gaining.to_dict()}
        piece.findings += _findings(form, summary.worse, summary.gaining)
    draw_distribution(study.folder / "figure8a", panels, abscissa="side connections")
    piece.figure("figure8a", "Figure 8(a): NMSE by number of side connections")
    return piece


def _findings(form: Form, worse: Share, gaining: Share) -> list[Finding]:
    return [
        Finding(
            "Most networks with injected connections suffer from the removal of side connections.",
            "Figure 8(a)",
            form,
            _more_than(gaining, 0.5),
            f"{_words(gaining)} are better with all of them; {_words(worse)} are worse than LISTA",
        ),
        Finding(
            "Putting side connections back gains almost always.",
            "Figure 8(b)",
            form,
            _more_than(gaining, _MOSTLY),
            f"{_words(gaining)} gain; holds where the interval is above {_MOSTLY:.0%}",
        ),
    ]


def _more_than(share: Share, bound: float) -> Answer:
    if share.low > bound:
        return "holds"
    return "fails" if share.high < bound else "not shown"


def _words(share: Share) -> str:
    return f"{share.number} of {share.total} [{share.low:.0%}, {share.high:.0%}]"


def _point(evaluation: Evaluation) -> tuple[int, float]:
    """Number of connections, extra and side, and test score."""
    return evaluation.connections + sum(evaluation.genome.side), test_score(evaluation)
