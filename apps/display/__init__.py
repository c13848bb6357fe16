"""What a terminal shows while an app runs, and the report at its end."""

from apps.display.choose import create_display
from apps.display.observer import Observer, Plan
from apps.display.report import print_report, report, write_svg

__all__ = ["Observer", "Plan", "create_display", "print_report", "report", "write_svg"]
