"""What a search found: choosing, averaging, comparing with intervals, and drawing.

Import from the modules (``from analysis.average import average``): the package itself imports nothing, so
that a caller who only ranks evaluations does not wait for Matplotlib.

* `analysis.choose`: the best evaluations, and the smallest network within a margin of the best.
* `analysis.average`: the average architecture of a set of genomes.
* `analysis.comparison`: paired differences over seeds and intervals; `analysis.claims`: claims judged by
  them.
* `analysis.control`: what random search finds at any budget, exactly, from one random sample.
* `analysis.figures`: heat map and learning curve as PNG; `analysis.pareto_figure`: NMSE against a cost;
  `analysis.html`: the report of a search as one page; `analysis.shown`: the metric's name and sign in them.
"""
