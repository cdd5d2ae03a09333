"""Fixtures that several test files use."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.small_corpus import write_small_corpus

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with corpora and text data beside the repository; skips where there is none."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("the shared folder with corpora is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An LJSpeech folder of eight speech-like utterances of about 1.2 s at 16 kHz.

    Shared by the whole run: copy it before changing it.
    """
    folder = tmp_path_factory.mktemp("tiny_corpus")
    write_small_corpus(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small untrained voice, in float32: copy it before changing it.

    ``make_tiny_voice().save(folder, dtype="float32")`` wrote it, so that it needs no PyTorch here.
    """
    folder = tmp_path_factory.mktemp("tiny_voice")
    shutil.copytree(Path(__file__).parent / "data" / "tiny_voice", folder, dirs_exist_ok=True)
    return folder


# What comes with the extras only. Without them, as where the package only speaks, the tests that
# need one are skipped, each with the name of what is missing.
OPTIONAL = {
    *("fastapi", "hypothesis", "jiwer", "librosa", "lightning_fabric", "matplotlib", "openai"),
    *("playwright", "pydantic", "pyloudnorm", "scipy", "starlette", "tensorboard", "torch"),
    *("torchaudio", "tqdm", "uvicorn", "wyoming", "yaml"),
}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    missing = re.search(r"No module named '(\w+)", report.longreprtext)
    if report.failed and missing and missing[1] in OPTIONAL and not find_spec(missing[1]):
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: {missing[1]} is not installed")
    return report


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[Any, str]]:
    """Playwright and the path of the system's browser; skips where either is missing.

    It holds an event loop of this thread, in which other tests want to run theirs: so not for the
    whole session.
    """
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install '.[test]'"
    )
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.skip(f"no browser on the PATH (one of {', '.join(CHROMIUMS)})")
    with sync_api.sync_playwright() as playwright:
        yield playwright, path


@pytest.fixture(scope="module")
def browser(chromium: tuple[Any, str]) -> Iterator[Any]:
    """A running headless Chromium."""
    playwright, path = chromium
    running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
    yield running
    running.close()
