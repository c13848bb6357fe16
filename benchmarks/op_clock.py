"""Every tensor operation of a piece of code, with its time, its arithmetic and its memory traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.clock import synchronise

PRODUCTS = frozenset({"mm", "bmm", "addmm", "addmm_", "addbmm", "addbmm_", "baddbmm", "baddbmm_"})
"""Matrix products; their last two positional tensors are the factors."""
_GATHERS = frozenset({"index_select", "index", "gather", "take"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One call.

    Attributes:
        name: ATen's, without overload.
        view: whether it only makes a view.
        seconds: from call to return, or to when the device is done.
        traffic: bytes of what it reads and writes; a view moves none.
        product: rows, inner size and columns of each of a matrix product's, else None.
        count: matrix products in the call.
        shape: of the result.
        reads: addresses of the storages read.
        writes: addresses of the storages written.
    """

    name: str
    view: bool
    seconds: float
    traffic: int
    product: tuple[int, int, int] | None
    count: int
    shape: tuple[int, ...]
    reads: frozenset[int]
    writes: frozenset[int]

    @property
    def operations(self) -> float:
        """Float operations of matrix products; 0 for everything else."""
        if self.product is None:
            return 0.0
        rows, inner, columns = self.product
        return 2.0 * self.count * rows * inner * columns


@final
class OpClock(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records what runs inside a ``with`` block, in this thread.

    Args:
        device: synchronised before and after each operation, where that means something.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._device = device
        self.operations: list[Operation] = []

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run one operation and record it."""
        del types
        named = dict(kwargs or {})
        synchronise(self._device)
        start = perf_counter()
        result = func(*args, **named)
        synchronise(self._device)
        spent = perf_counter() - start
        self.operations.append(_operation(func, args, named, result, spent))
        return result


def _operation(
    func: Any, args: tuple[Any, ...], named: dict[str, Any], result: Any, spent: float
) -> Operation:
    name: str = func.overloadpacket.__name__
    view = bool(func.is_view)
    named.pop("out", None)
    inputs, outputs = _tensors([*args, *named.values()]), _tensors([result])
    read = inputs[1:] if name in {"copy_", "zero_", "fill_"} else inputs
    factors = [tensor for tensor in inputs if tensor.dim() >= 2][-2:] if name in PRODUCTS else []
    return Operation(
        name=name,
        view=view,
        seconds=spent,
        traffic=0 if view or name == "empty" else _traffic(name, read, outputs),
        product=(factors[0].shape[-2], factors[0].shape[-1], factors[1].shape[-1]) if factors else None,
        count=factors[0].shape[:-2].numel() if factors else 0,
        shape=tuple(outputs[0].shape) if outputs else (),
        reads=frozenset(map(_address, read)),
        writes=frozenset(map(_address, outputs)),
    )


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    """The tensors among some values, those in lists and tuples too."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _tensors(value)
    return found


def _traffic(name: str, read: Sequence[Tensor], written: Sequence[Tensor]) -> int:
    if name in _GATHERS:
        # Of the table only the rows that are taken.
        return 2 * sum(tensor.nbytes for tensor in written)
    return sum(tensor.nbytes for tensor in (*read, *written))


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def record(work: Callable[[], object], device: torch.device) -> list[Operation]:
    """The operations of a piece of work."""
    clock = OpClock(device)
    with clock:
        work()
    return clock.operations
