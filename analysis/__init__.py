"""What a search found: choosing, averaging, comparing with intervals, and drawing.

Import from the modules (``from analysis.average import average``): the package itself imports nothing, so
that a caller who only ranks evaluations does not wait for Matplotlib.

* `analysis.choose`: the best evaluations, and the smallest network within a margin of the best.
* `analysis.average`: the average architecture of a set of genomes.
* `analysis.comparison`: paired differences over seeds and intervals; `analysis.claims`: claims judged by
  them.
* `analysis.significance`: paired tests corrected for their number; `analysis.ordering`: whether an order of
  models is the paper's; `analysis.factorial`: effects of two factors.
* `analysis.stability`, `analysis.patterns`, `analysis.importance`, `analysis.dependence`: how settled an
  average is, where its connections are, and what each of them, and their number, does to the score.
* `analysis.pruning`, `analysis.side_pruning`, `analysis.zeroing`: networks with connections removed.
* `analysis.transfer`: a connectivity in another setting, beside its rivals; `analysis.spread`,
  `analysis.standing`: variation between patterns and between seeds.
* `analysis.control`: what random search finds at any budget, exactly, from one random sample.
* `analysis.figures`: heat map and learning curve as PNG; `analysis.pareto_figure`: NMSE against a cost;
  the figures of a study in `analysis.*_figure`; `analysis.html`: the report of a search as one page,
  `analysis.study_html` that of a study; `analysis.shown`: the metric's name and sign in them.
"""
