"""What the pages of reports share: one style, everything escaped, and nothing to be loaded."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError

from genome.errors import InputError


def render_page(template: str, filters: Mapping[str, Callable[..., object]], **content: object) -> str:
    """Render a template of this room.

    Args:
        template: its file name.
        filters: filters that it uses besides ``duration``, ``flat`` and ``png``, by name.
        content: what it shows.

    Raises:
        InputError: if the content lacks something that the page shows.
    """
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(duration=duration, flat=flat, png=data_uri)
    environment.filters.update(filters)
    # Globals rather than the context, which the macros of a template do not see.
    environment.globals.update(content)
    try:
        return environment.get_template(template).render()
    except UndefinedError as error:
        raise InputError(
            f"The result must hold everything its report shows, got: {error.message}."
        ) from error


def duration(seconds: float) -> str:
    """Seconds as "5 min 12 s"."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as (dotted name, value)."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def data_uri(png: bytes) -> str:
    """A picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
