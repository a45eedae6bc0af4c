"""Damaged pictures by the thousand, and that what `make fuzz` promises is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import __main__ as command
from fuzz import pictures, seeds
from fuzz.__main__ import FOLDER, TARGETS, load, run_target
from tests.server import ROOT

COUNT = int(os.environ.get("DAMAGED_PICTURES", "2000"))


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuzz", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_damaged_pictures_are_decoded_or_refused_in_time_and_in_little_memory() -> None:
    tally = pictures.try_all(0, COUNT, seconds=60 + COUNT / 10)
    assert not tally.faults
    assert tally.decoded + tally.refused == COUNT
    assert tally.decoded >= COUNT // 100, "the damage is such that nothing gets to the decoder"


def test_a_damaged_picture_is_the_same_in_every_run() -> None:
    assert [pictures.damaged(n) for n in range(20)] == [pictures.damaged(n) for n in range(20)]
    assert len({pictures.damaged(n) for n in range(200)}) > 150


def test_a_process_that_dies_names_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake Python, which dies at the fourth."""
    code = "import sys, os; open(sys.argv[3], 'wb').write(bytes([3])); os.abort()"
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run",
        lambda command, **options: run([sys.executable, "-c", code, *command[1:]], **options),
    )  # fmt: skip
    ((number, why),) = pictures.try_all(0, 10, seconds=30).faults
    assert number == 3
    assert "ended with -6" in why


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_takes_its_corpus(name: str) -> None:
    files = sorted((FOLDER / "corpus" / name).iterdir())
    assert files
    for file in files:
        load(name)(file.read_bytes())


def test_the_corpus_is_small_and_what_its_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in TARGETS:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(seeds, "CORPUS", tmp_path)
    seeds.write()
    made = {file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()}
    kept = [file for file in (FOLDER / "corpus").rglob("*") if file.is_file()]
    assert made == {file.relative_to(FOLDER / "corpus") for file in kept}
    assert sum(file.stat().st_size for file in kept) < 100_000


def test_a_finding_can_be_tried_again_without_atheris(tmp_path: Path) -> None:
    finding = tmp_path / "crash-1"
    finding.write_bytes(b"\xff\xd8\xff")
    ran = fuzz("gate", str(finding))
    assert (ran.returncode, ran.stderr) == (0, "")


def test_without_atheris_a_target_says_where_it_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    with pytest.raises(SystemExit, match="Linux on x86-64"):
        run_target("gate", 1)


def test_a_fault_is_told_and_its_picture_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FINDINGS", tmp_path)
    tally = pictures.Tally(refused=9, faults=[(7, "took 300 ms")])
    monkeypatch.setattr(pictures, "try_all", lambda *_, **__: tally)
    assert not command.run_pictures(10)
    kept = tmp_path / "pictures/7.jpg"
    assert kept.read_bytes() == pictures.damaged(7)
    assert f"{kept}: took 300 ms" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_make_fuzz_is_bounded_by_what_it_is_told() -> None:
    command = ["make", "--dry-run", "fuzz", "SECONDS=7"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-m fuzz --seconds 7 --count 100000" in ran.stdout
    assert "/fuzz/findings/" in (ROOT / ".gitignore").read_text().splitlines()
