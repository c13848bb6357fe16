"""Colours of the terminal, and what stands for them where there are none."""

from __future__ import annotations

from rich.color import Color, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.style import Style

SHARE_COLOURS = (
    "#4c279f", "#2b4db7", "#0271ac", "#038ba7", "#07a4a4", "#06bd97", "#76cd83", "#b9d878", "#f0e07f",
)  # fmt: skip
"""Colours of the shares 0, 1/8, .. 1: equal steps of lightness (Oklab 0.40 to 0.90), so that equal
differences look equal, and both ends stand out from a black and from a white background."""

BEST, BASELINE, QUIET = "bold cyan", "magenta", "dim"
"""Styles of what the search found, of what it is compared with, and of what explains."""

_SHADES, _ASCII_SHADES = "·░▒▓█", ".:+#@"
_LEGEND_STEPS = 8


def shows_shares(console: Console) -> bool:
    """Whether a console has colours enough for shares: the 16 of old terminals are not in any order."""
    return not console.no_color and console.color_system in ("256", "truecolor")


def share_style(share: float) -> Style:
    """The style whose background stands for a share in [0, 1]."""
    place = share * (len(SHARE_COLOURS) - 1)
    below = min(int(place), len(SHARE_COLOURS) - 2)
    mixed = blend_rgb(_triplet(below), _triplet(below + 1), place - below)
    return Style(bgcolor=Color.from_triplet(mixed))


def shade(share: float, *, ascii_only: bool) -> str:
    """The character that stands for a share in [0, 1] without colour."""
    shades = _ASCII_SHADES if ascii_only else _SHADES
    return shades[int(share * (len(shades) - 1) + 0.5)]


def legend_shares() -> tuple[float, ...]:
    """The shares that a legend shows."""
    return tuple(step / _LEGEND_STEPS for step in range(_LEGEND_STEPS + 1))


def _triplet(stop: int) -> ColorTriplet:
    return Color.parse(SHARE_COLOURS[stop]).get_truecolor()
