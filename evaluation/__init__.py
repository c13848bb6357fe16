"""Training and scoring: problems, protocols, the population trainer, the evaluator and its archive."""
