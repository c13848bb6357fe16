"""What a terminal shows while an app runs, and the report at its end."""
