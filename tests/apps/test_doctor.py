"""The doctor finds a sound installation sound, and each fault that it is there for."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from apps.doctor import arithmetic, machine, storage, training
from apps.doctor.__main__ import main
from apps.doctor.finding import Check, Finding, carry_out
from apps.doctor.products import products
from apps.doctor.versions import imports, versions
from builders.autograd_step import bind_step
from builders.cells import Cell, Inputs, Lista
from builders.genes import Genes
from builders.parameters import ParameterSpec
from builders.step import Binding, PopulationStep
from evaluation.device import usable_cores

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
NAMES = (
    *("versions", "imports", "device", "threads", "products", "precision", "subnormals", "divergence"),
    *("gradient", "learning", "population", "archive", "disk", "terminal"),
)


def environment(*folders: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (*folders, ROOT)))}


def everything(terminal: int) -> str:
    """What a terminal was shown, in words separated by one space."""
    read = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other end is closed.
            part = b""
        if not part:
            os.close(terminal)
            return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", read.decode()).split())
        read += part


# The command


def test_the_command_finds_this_installation_sound(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "apps.doctor"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    *lines, conclusion = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert tuple(line.split()[1] for line in lines) == NAMES
    assert conclusion.startswith("This installation is sound")
    assert list(tmp_path.iterdir()) == [], "nothing is left where runs are written"


def test_json_has_every_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["--json", "--device", "cpu"]) == 0
    document = json.loads(capsys.readouterr().out)
    findings = {finding.pop("name"): finding for finding in document.pop("findings")}
    assert document.pop("seconds") > 0
    assert document == {"format": "lista-genome/doctor", "version": 1, "sound": True}
    assert tuple(findings) == NAMES
    assert {tuple(finding) for finding in findings.values()} == {("status", "measured", "advice")}
    assert all((finding["advice"] == "") == (finding["status"] == "ok") for finding in findings.values())
    assert str(tmp_path / "runs") in findings["disk"]["measured"]
    told = "6 networks together and alone differ by 0 dB, 0 allowed"
    assert findings["population"] == {"status": "ok", "measured": told, "advice": ""}


def test_help_is_quick_and_needs_no_torch() -> None:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print({'torch', 'numpy', 'rich'} & set(sys.modules)))\n"
        "from apps.doctor.__main__ import main\n"
        "main(['--help'])"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert time.perf_counter() - start < 1
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python -m apps.doctor")
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize("device", ["abacus", "cuda:77", "", "cpu:x"])
def test_an_unknown_device_is_one_sentence(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--device", device]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("The device must be 'auto', 'cpu' or one torch reports")
    assert told.endswith(f"got {device!r}.\n")


def test_an_unknown_argument_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["--loud"])
    assert "unrecognized arguments: --loud" in capsys.readouterr().err


def test_a_fault_on_a_terminal_is_a_table_with_what_to_do(tmp_path: Path) -> None:
    distribution(tmp_path, "lista-genome", "Requires-Dist: no-such-package>=1")
    master, terminal = pty.openpty()
    variables = environment(tmp_path) | {"TERM": "xterm-256color", "COLUMNS": "90", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "apps.doctor"]
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=terminal) as process:
        os.close(terminal)
        shown = everything(master)
    assert process.returncode == 1
    table = shown[shown.index("What was measured") :]
    assert "no-such-package is missing, lista-genome needs no-such-package>=1" in table
    assert "What to do: install again, in the project's folder: python -m pip install" in table
    assert "cannot be imported, and nothing more is checked: no-such-package (Mod" in table
    assert "xterm-256color, 90 columns" in table
    assert "This installation is not sound: versions, imports failed (3 checks" in table


def test_a_check_that_breaks_is_a_finding() -> None:
    def find() -> Finding:
        torch.ones(2) @ torch.ones(3)
        raise AssertionError

    finding = carry_out(Check("product", find))
    assert (finding.name, finding.status) == ("product", "failed")
    assert finding.measured.startswith("stopped by RuntimeError: ")
    assert "(test_doctor.py:" in finding.measured


# Versions


def distribution(folder: Path, name: str, *lines: str) -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    text = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *lines, ""])
    (info / "METADATA").write_text(text, encoding="utf-8")


def test_requirements_that_are_not_met_are_all_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(
        tmp_path,
        "sick-project",
        "Requires-Python: >=3.99",
        "Requires-Dist: torch<1",
        "Requires-Dist: no-such-package",
        "Requires-Dist: numpy>=1",
        "Requires-Dist: absent-extra>=1; extra == 'more'",
        "Requires-Dist: absent-platform>=1; sys_platform == 'nowhere'",
    )
    monkeypatch.syspath_prepend(tmp_path)
    finding = versions("sick-project")
    assert finding.status == "failed"
    python, torch_, missing = finding.measured.split("; ")
    assert python.endswith("sick-project needs >=3.99")
    assert torch_ == f"torch is {torch.__version__}, sick-project needs torch<1"
    assert missing == "no-such-package is missing, sick-project needs no-such-package"


def test_what_a_requirement_needs_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, "well-project", "Requires-Dist: sick-helper[fast]>=1")
    distribution(
        tmp_path,
        "sick-helper",
        "Requires-Dist: well-project",
        "Requires-Dist: no-such-package; extra == 'fast'",
        "Requires-Dist: other-package; extra == 'slow'",
    )
    monkeypatch.syspath_prepend(tmp_path)
    finding = versions("well-project")
    assert finding.status == "warning"
    assert finding.measured.split(", ")[0] == "no-such-package is missing"
    assert "other-package" not in finding.measured


def test_a_distribution_that_is_not_installed() -> None:
    finding = versions("no-such-project")
    assert (finding.status, finding.measured) == (
        "failed",
        "the distribution no-such-project is not installed",
    )
    assert imports("no-such-project").status == "ok", "the machine is checked all the same"


# The machine


def test_a_card_that_torch_leaves_unused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if torch.accelerator.is_available():
        pytest.skip("torch uses this machine's accelerator")
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA A100 (UUID: GPU-0)'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    finding = machine.device(CPU)
    assert finding.status == "warning"
    assert finding.measured.endswith("although the NVIDIA driver reports 1 card(s)")
    program.write_text("#!/bin/sh\necho 'No devices were found'\nexit 6\n", encoding="utf-8")
    assert machine.device(CPU).status == "ok"


def test_workers_that_hold_each_other_up() -> None:
    if usable_cores() == 1:
        pytest.skip("one core: two workers are not compared")
    lock = threading.Lock()

    def in_turn() -> None:
        with lock:
            time.sleep(0.02)

    finding = machine.threads(in_turn)
    assert finding.status == "warning"
    assert "--workers 1" in finding.advice
    side_by_side = machine.threads(lambda: time.sleep(0.02))
    assert side_by_side.status == "ok"
    ratio = float(side_by_side.measured.split("two workers do ")[1].split()[0])
    assert ratio == pytest.approx(2, abs=0.5)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_one_core_needs_one_worker() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        finding = machine.threads()
    finally:
        os.sched_setaffinity(0, cores)
    assert finding.status == "ok"
    assert finding.measured.startswith("1 usable core(s)")


def test_a_quota_below_the_cores(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text("50000 100000\n", encoding="ascii")
    finding = machine.threads(quota_file=quota)
    assert finding.status == "warning"
    assert "a quota of 0.5 core(s)" in finding.measured
    assert "--workers 1:" in finding.advice
    quota.write_text("max 100000\n", encoding="ascii")
    assert "quota" not in machine.threads(lambda: None, quota_file=quota).measured


@pytest.mark.parametrize(
    ("capability", "architecture", "status"),
    [
        ("AVX512", "SkylakeX", "ok"),
        ("AVX512", "Haswell", "warning"),
        ("AVX2", "Haswell", "ok"),
        ("DEFAULT", "neoversen1", "ok"),
    ],
)
def test_kernels_narrower_than_the_processor(capability: str, architecture: str, status: str) -> None:
    loaded = {"user_api": "blas", "internal_api": "openblas", "architecture": architecture}
    finding = products(capability, [loaded, {"user_api": "openmp", "internal_api": "openmp"}])
    assert finding.status == status
    assert finding.measured.startswith(f"openblas {architecture} on {capability}: ")
    assert float(finding.measured.split(": ")[1].split(" GFLOP/s")[0]) > 1


def test_narrow_kernels_are_explained_by_what_chose_them(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = [{"user_api": "blas", "internal_api": "openblas", "architecture": "Haswell"}]
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "unset OPENBLAS_CORETYPE=Haswell" in products("AVX512", loaded).advice
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    assert "set OPENBLAS_CORETYPE=SkylakeX" in products("AVX512", loaded).advice


# Arithmetic


def test_operands_rounded_to_tf32_are_found() -> None:
    def tf32(operand: Tensor) -> Tensor:
        return ((operand.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)

    finding = arithmetic.precision(CPU, lambda left, right: torch.bmm(tf32(left), tf32(right)))
    assert finding.status == "failed"
    assert "TF32 or bfloat16 is in use" in finding.measured


def test_a_product_that_is_nan_is_found() -> None:
    assert arithmetic.precision(CPU, lambda left, right: left @ right * torch.nan).status == "failed"


def test_a_setting_below_full_precision_is_warned_of() -> None:
    assert arithmetic.precision(CPU).status == "ok"
    setting = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        finding = arithmetic.precision(CPU)
    finally:
        torch.set_float32_matmul_precision(setting)
    # Where the CPU has short matrix products of its own the setting shows in the error as well.
    assert finding.status in ("warning", "failed")
    assert "torch's setting 'high'" in finding.measured


def test_flushed_subnormals_are_warned_of() -> None:
    assert arithmetic.subnormals(CPU).status == "ok"
    if not torch.set_flush_denormal(True):
        pytest.skip("this CPU does not flush")
    try:
        finding = arithmetic.subnormals(CPU)
    finally:
        torch.set_flush_denormal(False)
    assert finding.status == "warning"
    assert finding.measured.startswith("kept here: no")


def test_a_network_that_does_not_diverge_is_no_divergence() -> None:
    assert arithmetic.divergence(CPU).status == "ok"
    assert arithmetic.divergence(CPU, learning_rate=1e-3).status == "failed"


# Training, with cells that are each wrong in one way


class Altered(PopulationStep):
    """LISTA's own step with its gradient multiplied by a factor."""

    def __init__(self, binding: Binding, factor: float) -> None:
        self._step, self._gradient, self._factor = bind_step(Lista(), binding), binding.gradient, factor

    def outputs(self, b: Tensor) -> Tensor:
        return self._step.outputs(b)

    def differentiate(self, b: Tensor, target: Tensor) -> None:
        self._step.differentiate(b, target)
        self._gradient.mul_(self._factor)


class Sick(Cell):
    """LISTA with its gradient multiplied by a factor, or an output that depends on the population's size."""

    name: ClassVar[str] = "sick"

    def __init__(self, factor: float | None = None, crowding: float = 0.0) -> None:
        self._lista, self._factor, self._crowding = Lista(), factor, crowding

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        return self._lista.parameters(dictionary, layers)

    def prepare(self, parameters: Mapping[str, Tensor], b: Tensor) -> Tensor:
        return self._lista.prepare(parameters, b) * (1 + self._crowding * b.shape[0])

    def step(
        self,
        layer: int,
        inputs: Inputs,
        shared: Tensor,
        parameters: Mapping[str, Tensor],
        genes: Genes,
    ) -> Tensor:
        return self._lista.step(layer, inputs, shared, parameters, genes)

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        return None if self._factor is None else Altered(binding, self._factor)


@pytest.mark.parametrize("factor", [1.001, 0.0, -1.0, torch.nan])
def test_a_wrong_gradient_is_found(factor: float) -> None:
    assert training.gradient(CPU, Lista()).status == "ok"
    finding = training.gradient(CPU, Sick(factor))
    assert finding.status == "failed"
    assert "tolerance" in finding.measured


def test_a_cell_without_a_step_of_its_own_is_sound() -> None:
    assert training.gradient(CPU, Sick()).status == "ok"


@pytest.mark.parametrize("factor", [0.0, -1.0, torch.nan], ids=["stays", "climbs", "diverges"])
def test_training_that_does_not_descend_is_found(factor: float) -> None:
    finding = training.learning(CPU, Sick(factor))
    assert finding.status == "failed"
    assert "must fall by" in finding.measured


@pytest.mark.parametrize("crowding", [1e-6, torch.nan])
def test_a_member_that_depends_on_the_others_is_found(crowding: float) -> None:
    finding = training.population(CPU, Sick(crowding=crowding))
    assert finding.status == "failed"
    assert "0 allowed" in finding.measured


# Where runs are written


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # The superuser may write everywhere.
    yield folder
    os.seteuid(user)


def test_a_folder_that_cannot_be_written(read_only: Path) -> None:
    finding = storage.archive(read_only)
    assert (finding.status, finding.measured) == (
        "failed",
        f"{read_only} cannot be written: Permission denied",
    )
    assert "--out" in finding.advice


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert storage.archive(file).measured == f"{file} cannot be written: Not a directory"


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    limit = 3 * 4096
    program = (
        "import resource, sys; from pathlib import Path; from apps.doctor import storage\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "finding = storage.archive(Path(sys.argv[1])); print(finding.status, finding.measured)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("failed The archive ")
    assert list(tmp_path.iterdir()) == []


def test_too_little_room(tmp_path: Path) -> None:
    assert storage.disk(tmp_path, room=1, least=0).status == "ok"
    assert storage.disk(tmp_path, room=2**80, least=0).status == "warning"
    finding = storage.disk(tmp_path, room=2**80, least=2**79)
    assert finding.status == "failed"
    assert finding.measured.startswith(f"{tmp_path}: ")
