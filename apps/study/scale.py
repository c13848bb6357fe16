"""How large a study is: problem, depth, training, and how many networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from evaluation.problems import Limited, PaperSetting, Problem, paper_problem
from genome import InputError


@dataclass(frozen=True, slots=True)
class Scale:
    """Everything that decides how much is trained.

    Attributes:
        name: of the scale.
        setting: size of the problems and their data.
        larger: measurements and entries of the larger dictionary, row "512x1024" of Table 2.
        limited: training samples of the rows "j" and "k".
        limited_valid: their validation samples.
        layers: depth K.
        protocol: preset of training.
        steps: factor on its fixed steps in tables.
        look: factor on its fixed steps where networks are many: in the search and in Figures 5 to 8.
        slow: the same for D-LADMM, which trains several times slower.
        seeds: that models are compared over.
        slow_seeds: the same for D-LADMM and images.
        networks: random networks in each distribution of Figures 5, 6 and 8.
        pruned: networks of Figure 7; all of them where there are no more.
        budget: evaluations of each search.
        batch: networks that a search asks for at once.
        top: best networks that are averaged.
        against: best networks whose average is set against that one, Figure 9.
        lengths: factors on the steps, in the question of form, start and length.
        released: whether "Searched" is the authors' released network, instead of what a search here finds.
        images: training patches, factor on the steps, and atoms, in Table 3.
    """

    name: str
    setting: PaperSetting
    larger: tuple[int, int]
    limited: tuple[int, int]
    limited_valid: int
    layers: int
    protocol: str
    steps: float
    look: float
    slow: float
    seeds: int
    slow_seeds: int
    networks: int
    pruned: int
    budget: int
    batch: int
    top: int
    against: int
    lengths: tuple[float, ...]
    released: bool
    images: tuple[int, float, int]

    def problem(self, row: str) -> Problem:
        """The problem of a row of the paper's Table 1 or 2, at this size.

        Raises:
            InputError: there is no such row.
        """
        if row in {"j", "k"}:
            train = self.limited["jk".index(row)]
            return Limited(paper_problem("b", self.setting), train, self.limited_valid)
        m, n = self.larger
        return paper_problem(row, replace(self.setting, m=m, n=n) if row == "512x1024" else self.setting)


_SCALES: Final = {
    scale.name: scale
    for scale in (
        Scale(
            name="smoke",
            setting=PaperSetting(8, 16, train=640, valid=128, test=128),
            larger=(12, 24),
            limited=(128, 64),
            limited_valid=32,
            layers=5,
            protocol="smoke",
            steps=2.0,
            look=1.0,
            slow=1.0,
            seeds=3,
            slow_seeds=2,
            networks=8,
            pruned=16,
            budget=16,
            batch=8,
            top=5,
            against=3,
            lengths=(1.0, 4.0),
            released=False,
            images=(256, 1.0, 144),
        ),
        Scale(
            name="small",
            setting=PaperSetting(25, 50, train=102_400, valid=2048, test=10_240),
            larger=(50, 100),
            limited=(1024, 512),
            limited_valid=204,
            layers=8,
            protocol="quick",
            steps=1.0,
            look=0.5,
            slow=0.125,
            seeds=5,
            slow_seeds=5,
            networks=48,
            pruned=128,
            budget=192,
            batch=16,
            top=20,
            against=12,
            lengths=(0.5, 1.0, 2.0, 4.0),
            released=False,
            images=(20_480, 0.1, 512),
        ),
        Scale(
            name="paper",
            setting=PaperSetting(),
            larger=(512, 1024),
            limited=(10_240, 5_120),
            limited_valid=1_024,
            layers=16,
            protocol="paper",
            steps=1.0,
            look=1.0,
            slow=1.0,
            seeds=3,
            slow_seeds=3,
            networks=500,
            pruned=500,
            budget=25_000,
            batch=256,
            top=50,
            against=30,
            lengths=(1.0,),
            released=True,
            images=(102_400, 1.0, 512),
        ),
    )
}


def scale_names() -> tuple[str, ...]:
    """The scales that ``create_scale`` knows."""
    return tuple(_SCALES)


def create_scale(name: str) -> Scale:
    """A scale by name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in _SCALES:
        raise InputError(f"The scale must be one of {', '.join(_SCALES)}, got {name!r}.")
    return _SCALES[name]
