"""The densely connected last layer by itself (paper, section 4)."""

from __future__ import annotations

from analysis.ordering import agreement
from apps.study.content import Piece, cells, test_scores
from apps.study.reported import LAST_LAYER_DB, LFISTA, LISTA, NMSE_DB, SEARCHED
from apps.study.study import Study
from apps.study.verdicts import Better, judge
from genome import Genome
from genome.patterns import dense_into, with_last_layer


def last_layer(study: Study) -> Piece:
    """LISTA and LFISTA with the connections into the last layer of the searched network, and with all."""
    piece = Piece("last-layer", "The last layer's connections by themselves")
    layers = study.scale.layers
    piece.notes.append("Without noise; the paper's values are those with the searched network's last layer.")
    for form in study.forms:
        models = study.models(form)
        searched, dense = models[SEARCHED], dense_into(layers, layers)
        bases = {LISTA: Genome.lista(layers), LFISTA: Genome.lfista(layers)}
        compared = {
            **bases,
            **{f"{name} + searched": with_last_layer(base, searched) for name, base in bases.items()},
            **{f"{name} + all": with_last_layer(base, dense) for name, base in bases.items()},
        }
        results = study.compare("b", form, study.scale.steps, compared, study.seeds)
        piece.record_all("b", form, results)
        values = test_scores(results)
        added = {f"{name} + searched": value for name, value in LAST_LAYER_DB.items()}
        reported = {**{name: NMSE_DB["b"][name] for name in bases}, **added}
        made = cells(values, reported)
        agrees = agreement({name: values[name] for name in reported}, reported)
        rows = [[name, compared[name].connections, made[name]] for name in compared]
        piece.table(
            form,
            f"{piece.title}, {form} form",
            ["network", "connections", "test NMSE"],
            rows,
            f"Order of the networks that the paper has: {agrees}.",
        )
        wanted = [
            Better(
                f"The searched network's last layer, added to {name}, makes it better.",
                f"{name} + searched",
                (name,),
            )
            for name in bases
        ]
        judged = judge(values, wanted, "section 4", form)
        piece.findings += judged.findings
        piece.data[form] = {"agreement": agrees.to_dict(), "tests": judged.to_list()}
    return piece
