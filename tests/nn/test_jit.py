from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tts_pipeline.nn import jit

HELPER = """
from tts_pipeline.nn.jit import compiled

@compiled()
def helper(x):
    return x + {offset}
"""
KERNEL = """
from tts_pipeline.nn.jit import compiled
from {helper} import helper

@compiled()
def kernel(x):
    return 2 * helper(x)
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Imports the two files anew, as a new process would."""
    monkeypatch.setattr(jit.numba.config, "CACHE_DIR", "")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = f"helper_{tmp_path.name.replace('-', '_')}", "kernel"

    def write_and_load(offset: int) -> ModuleType:
        source = HELPER.format(offset=offset)
        path = tmp_path / f"{names[0]}.py"
        if not path.exists() or path.read_text() != source:
            path.write_text(source)
        kernels = tmp_path / "kernels.py"
        if not kernels.exists():
            kernels.write_text(KERNEL.format(helper=names[0]))
        sys.modules.pop(names[0], None)
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location("kernels", kernels)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield write_and_load
    sys.modules.pop(names[0], None)


def hits(module: ModuleType) -> int:
    return sum(module.kernel.stats.cache_hits.values())


def test_kept_kernels_are_read_again(load, tmp_path):
    first = load(1)
    assert first.kernel(3) == 8 and hits(first) == 0
    assert list((tmp_path / "__pycache__").glob("kernels.kernel*.nbc"))
    again = load(1)
    assert again.kernel(3) == 8 and hits(again) == 1


def test_a_change_in_a_called_kernels_file_makes_the_caller_stale(load):
    assert load(1).kernel(3) == 8
    changed = load(100)
    assert changed.kernel(3) == 206 and hits(changed) == 0


def test_fresh_kernels_in_a_folder_that_cannot_be_written_are_used(load, tmp_path, monkeypatch):
    assert load(1).kernel(3) == 8
    cache = tmp_path / "__pycache__"
    before = sorted(cache.iterdir())
    access = os.access
    monkeypatch.setattr(
        jit.os, "access", lambda path, mode: Path(path) != cache and access(path, mode)
    )
    found = load(1)
    assert found.kernel(3) == 8 and hits(found) == 1
    # A new form of it is compiled, and nothing is written.
    assert found.kernel(0.5) == 3.0
    assert sorted(cache.iterdir()) == before


def test_stale_kernels_in_a_folder_that_cannot_be_written_are_not_used(load, tmp_path, monkeypatch):
    assert load(1).kernel(3) == 8
    cache = tmp_path / "__pycache__"
    access = os.access
    monkeypatch.setattr(
        jit.os, "access", lambda path, mode: Path(path) != cache and access(path, mode)
    )
    assert load(7).kernel(3) == 20


def test_damaged_kept_kernels_of_a_read_only_folder_are_compiled_again(load, tmp_path, monkeypatch):
    assert load(1).kernel(3) == 8
    cache = tmp_path / "__pycache__"
    for file in cache.glob("*.nbi"):
        file.write_bytes(b"rubbish")
    access = os.access
    monkeypatch.setattr(
        jit.os, "access", lambda path, mode: Path(path) != cache and access(path, mode)
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(jit, "_Cache", refuse)
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        jit.warn_that_nothing_is_kept.cache_clear()
        assert load(1).kernel(3) == 8


def refuse(function):
    raise RuntimeError("no folder")
