"""Population sizes that an accelerator sees."""

from __future__ import annotations


def bucket(members: int) -> int:
    """The bucket that members are padded to: the least power of two that is no smaller."""
    return 1 << (members - 1).bit_length()


def seats(members: int, *, padded: bool) -> list[int]:
    """Which member takes each place of a population.

    A few fixed population sizes mean few kernel shapes, and few shapes by which the rounding of a matrix
    product may depend on the batch mates. The places that padding adds repeat the last member, so that
    members of one draw still stand next to each other; their results are dropped.

    Args:
        members: how many there are, at least 1.
        padded: whether to fill the bucket.

    Returns:
        ``0..members - 1``, then ``members - 1`` for each place that padding adds.
    """
    places = bucket(members) if padded else members
    return [min(place, members - 1) for place in range(places)]
