"""Compare optimizers on a table: many seeds, anytime regret, and significance against random search."""
