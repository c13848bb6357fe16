"""The import law between rooms, held against the source of every module."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[1]

# room -> the rooms that its modules may import, besides its own
LAW: dict[str, frozenset[str]] = {
    "genome": frozenset(),
    "builders": frozenset({"genome"}),
    "evaluation": frozenset({"builders", "genome"}),
    "optimizers": frozenset({"genome"}),
    "analysis": frozenset({"evaluation", "builders", "genome"}),
    "apps": frozenset({"analysis", "builders", "evaluation", "genome", "optimizers"}),
}
WITHOUT_TORCH = frozenset({"genome", "optimizers"})
POLICIES = frozenset(
    {"optimizers.controller", "optimizers.reinforce"}
)  # optimizers that are networks themselves
OUTSIDE = frozenset({"tests", "benchmarks", "examples"})


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement, or call of import_module with a literal name."""

    module: str  # the module that it stands in, dotted
    file: str
    line: int
    text: str
    targets: tuple[str, ...]  # what it may import, dotted and absolute; of "from a import b": a.b
    leaves_room: bool  # a relative import that climbs out of its room
    at_module_level: bool  # runs when the module is imported

    @property
    def room(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: `{self.text}`"


class Reader(ast.NodeVisitor):
    """Collects every import of one module, also those in functions and under TYPE_CHECKING."""

    def __init__(self, module: str, file: str, is_package: bool) -> None:
        self.module = module
        self.file = file
        self.package = module.split(".") if is_package else module.split(".")[:-1]
        self.deferred = 0
        self.found: list[Import] = []

    def _add(self, node: ast.stmt | ast.expr, targets: tuple[str, ...], leaves_room: bool = False) -> None:
        text = ast.unparse(node)
        self.found.append(
            Import(self.module, self.file, node.lineno, text, targets, leaves_room, not self.deferred)
        )

    def visit_Import(self, node: ast.Import) -> None:
        self._add(node, tuple(alias.name for alias in node.names))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        kept = len(self.package) - node.level + 1
        base = self.package[:kept] if node.level and kept > 0 else []
        prefix = ".".join([*base, *([node.module] if node.module else [])])
        targets = tuple(f"{prefix}.{alias.name}".lstrip(".") for alias in node.names)
        self._add(node, targets, leaves_room=bool(node.level) and kept < 1)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func).rpartition(".")[2]
        match node.args:
            case [ast.Constant(value=str(name)), *_] if called in {"import_module", "__import__"}:
                self._add(node, (name,))
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        typing_only = ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"
        self.deferred += typing_only
        for statement in node.body:
            self.visit(statement)
        self.deferred -= typing_only
        for statement in node.orelse:
            self.visit(statement)

    def _visit_deferred(self, node: ast.AST) -> None:
        self.deferred += 1
        self.generic_visit(node)
        self.deferred -= 1

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_deferred(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_deferred(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_deferred(node)


def sources(root: Path) -> dict[str, Path]:
    """Every module of every room: dotted name -> file."""
    found: dict[str, Path] = {}
    for room in LAW:
        for file in sorted((root / room).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(root: Path) -> Iterator[Import]:
    for module, file in sources(root).items():
        reader = Reader(module, file.relative_to(root).as_posix(), file.name == "__init__.py")
        reader.visit(ast.parse(file.read_text(encoding="utf-8"), filename=str(file)))
        yield from reader.found


def crossings(root: Path) -> list[str]:
    """Imports of a room, or of the tests, benchmarks or examples, that the law does not allow."""
    found = []
    for each in imports(root):
        allowed = LAW[each.room] | {each.room}
        for imported in sorted({target.partition(".")[0] for target in each.targets}):
            if (imported in LAW and imported not in allowed) or imported in OUTSIDE:
                may = ", ".join(sorted(LAW[each.room])) or "no other room"
                found.append(f"{each}: {each.room} must not import {imported} (it may import {may})")
    return found


def torch_imports(root: Path) -> list[str]:
    """Imports of torch, or of a part of another library made for it, in a room that must do without."""
    return [
        f"{each}: {each.room} must not import torch"
        for each in imports(root)
        if each.room in WITHOUT_TORCH
        and each.module not in POLICIES
        and any("torch" in target.split(".") for target in each.targets)
    ]


def escapes(root: Path) -> list[str]:
    """Relative imports that climb out of their room."""
    return [
        f"{each}: a relative import must not leave its room" for each in imports(root) if each.leaves_room
    ]


def ancestors(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}


def cycles(root: Path) -> list[str]:
    """Circles of imports that run when a module is imported, each told statement by statement."""
    modules = sources(root)
    graph: nx.DiGraph[str] = nx.DiGraph()
    for each in imports(root):
        if not each.at_module_level:
            continue
        for target in each.targets:
            imported = target if target in modules else target.rpartition(".")[0]
            # Importing a.b.c runs a and a.b first, unless the importing module lies inside of them.
            for module in ({imported} | ancestors(imported) - ancestors(each.module)) & modules.keys():
                if module != each.module or imported == each.module:
                    graph.add_edge(each.module, module, statement=each)
    found = []
    for component in nx.strongly_connected_components(graph):
        if len(component) > 1 or any(graph.has_edge(module, module) for module in component):
            circle = [edge[0] for edge in nx.find_cycle(graph.subgraph(component))]
            steps = pairwise([*circle, circle[0]])
            found.append("import cycle: " + "; ".join(str(graph.edges[step]["statement"]) for step in steps))
    return found


def test_every_room_is_there_and_every_package_is_a_room() -> None:
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"benchmarks"}
    assert packages == set(LAW)


@pytest.mark.parametrize("law", [crossings, torch_imports, escapes, cycles])
def test_the_project_keeps_the_import_law(law: Callable[[Path], list[str]]) -> None:
    broken = law(ROOT)
    assert not broken, "\n".join(broken)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of empty rooms, for tests to break the law in."""
    for room in LAW:
        (tmp_path / room / "inner").mkdir(parents=True)
        for name in ("__init__.py", "a.py", "b.py", "inner/__init__.py", "inner/c.py"):
            (tmp_path / room / name).write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "genome/a.py",
            "import math\nimport builders.a\n",
            "2: `import builders.a`: genome must not import builders (it may import no other room)",
        ),
        (
            "optimizers/a.py",
            "def f():\n    from evaluation import a\n",
            "2: `from evaluation import a`: optimizers must not import evaluation (it may import genome)",
        ),
        (
            "builders/inner/c.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import analysis\n",
            "3: `import analysis`: builders must not import analysis (it may import genome)",
        ),
        (
            "builders/a.py",
            "import importlib\nx = importlib.import_module('apps.a')\n",
            "2: `importlib.import_module('apps.a')`: builders must not import apps (it may import genome)",
        ),
        (
            "genome/b.py",
            "try:\n    import tests.helpers\nexcept ImportError:\n    pass\n",
            "2: `import tests.helpers`: genome must not import tests (it may import no other room)",
        ),
    ],
)
def test_a_forbidden_crossing_is_told(project: Path, file: str, text: str, message: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    assert crossings(project) == [f"{file}:{message}"]


@pytest.mark.parametrize(
    "statement", ["import torch.nn", "from torch import Tensor", "from safetensors import torch"]
)
def test_an_import_of_torch_is_told(project: Path, statement: str) -> None:
    for room in ("genome", "builders"):
        (project / room / "a.py").write_text(f"def f():\n    {statement}\n", encoding="utf-8")
    assert torch_imports(project) == [f"genome/a.py:2: `{statement}`: genome must not import torch"]


def test_a_relative_import_that_leaves_its_room_is_told(project: Path) -> None:
    (project / "genome/inner/c.py").write_text(
        "from .. import a\nfrom ...builders import a\n", encoding="utf-8"
    )
    (project / "genome/__init__.py").write_text(
        "from . import b\nfrom .. import analysis\n", encoding="utf-8"
    )
    assert escapes(project) == [
        "genome/__init__.py:2: `from .. import analysis`: a relative import must not leave its room",
        "genome/inner/c.py:2: `from ...builders import a`: a relative import must not leave its room",
    ]


def test_an_import_cycle_is_told(project: Path) -> None:
    (project / "genome/__init__.py").write_text("from genome.a import thing\n", encoding="utf-8")
    (project / "genome/a.py").write_text("from genome import b\n", encoding="utf-8")
    (project / "genome/b.py").write_text("import genome\n", encoding="utf-8")
    (told,) = cycles(project)
    for step in ("__init__.py:1: `from genome.a import thing`", "a.py:1: `from genome import b`"):
        assert f"genome/{step}" in told
    assert "genome/b.py:1: `import genome`" in told


def test_a_package_imported_on_the_way_closes_a_cycle(project: Path) -> None:
    (project / "genome/a.py").write_text("from genome.inner.c import x\n", encoding="utf-8")
    (project / "genome/inner/__init__.py").write_text("import genome.a\n", encoding="utf-8")
    (told,) = cycles(project)
    assert "genome/a.py:1: `from genome.inner.c import x`" in told
    assert "genome/inner/__init__.py:1: `import genome.a`" in told


def test_what_the_law_allows_is_not_told(project: Path) -> None:
    (project / "genome/__init__.py").write_text("from genome.a import thing\n", encoding="utf-8")
    (project / "genome/a.py").write_text("from genome.inner.c import x\n", encoding="utf-8")
    later = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import genome.a\n"
    (project / "genome/inner/c.py").write_text(later + "def f():\n    import genome\n", encoding="utf-8")
    (project / "apps/a.py").write_text(
        "import torch\nimport optimizers.a, analysis.inner.c\n", encoding="utf-8"
    )
    assert [law(project) for law in (crossings, torch_imports, escapes, cycles)] == [[], [], [], []]
