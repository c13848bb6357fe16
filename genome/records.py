"""The records that speak of a genome: a request to evaluate it, and what came of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from genome.errors import InputError
from genome.genome import Genome
from genome.strict import boolean, fields, integer, items, shown

Status = Literal["complete", "diverged"]
"""How an evaluation ended: finite on validation data after every stage it trained, or not."""

MAX_SEED: Final = 2**63 - 1
"""Largest seed and draw: what a signed 64-bit database column holds."""

_KEY_FORMAT: Final = "lista-genome/evaluation/1"
_REQUEST_NAMES: Final = ("genome", "seed", "draw", "test", "stages")
_EVALUATION_NAMES: Final = (
    "request",
    "setting",
    "status",
    "valid_nmse_db",
    "valid_ratio_db",
    "test_nmse_db",
    "test_ratio_db",
    "seconds",
)


@dataclass(frozen=True, slots=True)
class Request:
    """One evaluation to be made: everything that varies between evaluations in one setting.

    Attributes:
        genome: The architecture.
        seed: Keys the order of the training batches, 0..2**63 - 1.
        draw: Which draw of the signals; 0 is the search's, a comparison uses others. 0..2**63 - 1.
        test: Whether the test split is read too.
        stages: Train only so many of the genome's K stages, 1..K - 1, as a cheap look at it; None trains all.
            Genomes that share their first layers then share the result.

    Raises:
        InputError: A field is of another type or out of range, or the test split is to be read early.
    """

    genome: Genome
    seed: int = 0
    draw: int = 0
    test: bool = False
    stages: int | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        if not isinstance(self.genome, Genome):
            raise InputError(f"The genome of a request must be a Genome, got {shown(self.genome)}.")
        integer(self.seed, "The seed of a request", 0, MAX_SEED)
        integer(self.draw, "The draw of a request", 0, MAX_SEED)
        boolean(self.test, "The setting test of a request")
        if self.stages is not None:
            integer(self.stages, "The stages of a request, where not all,", 1, self.genome.layers - 1)
            if self.test:
                raise InputError(
                    f"The test split is read after all {self.genome.layers} stages, got {self.stages} stages."
                )

    @property
    def trained(self) -> Genome:
        """The part of the genome that is trained: its first ``stages`` layers."""
        return self.genome if self.stages is None else self.genome.prefix(self.stages)

    def digest(self, setting: str) -> str:
        """Key everything the evaluation depends on, in 32 hexadecimal characters (128 bits of BLAKE2b).

        Args:
            setting: Digest of what all evaluations of a run share: cell, problem, protocol, numerics.
        """
        partial = [] if self.stages is None else [self.stages]
        head = json.dumps([_KEY_FORMAT, setting, self.seed, self.draw, self.test, *partial]).encode("ascii")
        return hashlib.blake2b(head + b"\n" + self.genome.identity, digest_size=16).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Write the request as a dictionary that JSON can hold."""
        return {
            "genome": self.genome.to_dict(),
            "seed": self.seed,
            "draw": self.draw,
            "test": self.test,
            "stages": self.stages,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build a request from what :meth:`to_dict` writes.

        Raises:
            InputError: A key is missing or unknown, or a value is illegal.
        """
        fields(data, "A request", _REQUEST_NAMES)
        return cls(Genome.from_dict(data["genome"]), *(data[name] for name in _REQUEST_NAMES[1:]))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What training one genome gave; a lower score is better.

    NMSE is the normalised mean squared error ``||x_hat - x||^2 / ||x||^2`` in dB, in two conventions: the
    mean over samples of each sample's dB (the paper's, and the headline), and the dB of the ratio of sums.

    Attributes:
        request: What was asked for.
        setting: Digest of what all evaluations of a run share: cell, problem, protocol, numerics.
        status: ``"complete"``, or ``"diverged"`` if a stage gave no finite validation error.
        valid_nmse_db: Validation NMSE after each of the stages trained, all K or as many as were requested,
            mean of per-sample dB; ``inf`` from the stage that diverged on.
        valid_ratio_db: The same as dB of the ratio of sums.
        test_nmse_db: Test NMSE after the last stage, ``inf`` if not finite; None unless the request reads the
            test split.
        test_ratio_db: The same as dB of the ratio of sums.
        seconds: This genome's share of the training time.

    Raises:
        InputError: A field is of another type, has another length, or contradicts the status.
    """

    request: Request
    setting: str
    status: Status
    valid_nmse_db: tuple[float, ...]
    valid_ratio_db: tuple[float, ...]
    test_nmse_db: float | None
    test_ratio_db: float | None
    seconds: float

    def __post_init__(self) -> None:
        """Check every field."""
        if not isinstance(self.request, Request):
            raise InputError(f"The request of an evaluation must be a Request, got {shown(self.request)}.")
        if type(self.setting) is not str or not self.setting:
            raise InputError(f"The setting of an evaluation must be a digest, got {shown(self.setting)}.")
        if self.status not in get_args(Status):
            known = ", ".join(get_args(Status))
            raise InputError(f"The status of an evaluation must be one of {known}, got {shown(self.status)}.")
        for name in ("valid_nmse_db", "valid_ratio_db"):
            self._check_stages(name, getattr(self, name))
        for name in ("test_nmse_db", "test_ratio_db"):
            self._check_test(name, getattr(self, name))
        if not _is_number(self.seconds) or not 0 <= self.seconds < math.inf:
            raise InputError(f"The seconds of an evaluation must be 0 or more, got {shown(self.seconds)}.")

    def _check_stages(self, name: str, values: tuple[float, ...]) -> None:
        stages = self.stages
        if type(values) is not tuple or len(values) != stages:
            raise InputError(f"{name} must be a tuple with one number for each of {stages} stages.")
        for stage, value in enumerate(values, 1):
            if not _is_number(value):
                raise InputError(f"{name} must hold numbers, got {shown(value)} at stage {stage}.")
            if stage > 1 and values[stage - 2] == math.inf != value:
                raise InputError(
                    f"{name} must stay inf from the stage that diverged on, not at stage {stage}."
                )
        if (values[-1] == math.inf) is not (self.status == "diverged"):
            raise InputError(
                f"{name} must end in inf exactly where the status is diverged, got {values[-1]}."
            )

    def _check_test(self, name: str, value: float | None) -> None:
        if (value is not None) is not self.request.test:
            wanted = "a number" if self.request.test else "None"
            raise InputError(
                f"{name} must be {wanted} for a request with test={self.request.test}, got {shown(value)}."
            )
        if value is not None and not _is_number(value):
            raise InputError(f"{name} must be a number, got {shown(value)}.")
        # The converse is allowed: what is finite on validation data can overflow on test data.
        if value not in (None, math.inf) and self.status == "diverged":
            raise InputError(f"{name} must be inf where the status is diverged, got {value}.")

    @property
    def key(self) -> str:
        """Key of everything the evaluation depends on: ``request.digest(setting)``."""
        return self.request.digest(self.setting)

    @property
    def stages(self) -> int:
        """How many stages were trained."""
        return self.genome.layers if self.request.stages is None else self.request.stages

    @property
    def censored(self) -> bool:
        """Whether training was stopped before the last stage, so that the final score is not known."""
        return self.request.stages is not None

    @property
    def whole(self) -> bool:
        """Whether all stages were trained and none diverged: only then does it compete with others."""
        return self.status == "complete" and not self.censored

    @property
    def score(self) -> float:
        """Validation NMSE in dB after the last stage trained; lower is better, ``inf`` if it diverged.

        Where training was stopped early, :attr:`censored`, this is the score of the network so far: what all
        stages would have given is nearly always lower.
        """
        return self.valid_nmse_db[-1]

    @property
    def genome(self) -> Genome:
        """The genome evaluated."""
        return self.request.genome

    @property
    def connections(self) -> int:
        """Number of the genome's extra connections."""
        return self.genome.connections

    def to_dict(self) -> dict[str, Any]:
        """Write the evaluation as a dictionary that strict JSON can hold: infinities become text."""
        return {
            "request": self.request.to_dict(),
            "setting": self.setting,
            "status": self.status,
            "valid_nmse_db": [_to_json(value) for value in self.valid_nmse_db],
            "valid_ratio_db": [_to_json(value) for value in self.valid_ratio_db],
            "test_nmse_db": None if self.test_nmse_db is None else _to_json(self.test_nmse_db),
            "test_ratio_db": None if self.test_ratio_db is None else _to_json(self.test_ratio_db),
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build an evaluation from what :meth:`to_dict` writes.

        Raises:
            InputError: A key is missing or unknown, or a value is illegal.
        """
        fields(data, "An evaluation", _EVALUATION_NAMES)
        return cls(
            Request.from_dict(data["request"]),
            data["setting"],
            data["status"],
            tuple(map(_from_json, items(data["valid_nmse_db"], "valid_nmse_db"))),
            tuple(map(_from_json, items(data["valid_ratio_db"], "valid_ratio_db"))),
            _from_json(data["test_nmse_db"]),
            _from_json(data["test_ratio_db"]),
            data["seconds"],
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


_INFINITIES: Final = {"inf": math.inf, "-inf": -math.inf}


def _to_json(value: float) -> float | str:
    return str(value) if math.isinf(value) else value


def _from_json(value: Any) -> Any:
    return _INFINITIES.get(value, value) if isinstance(value, str) else value
