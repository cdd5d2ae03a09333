"""Fixtures of the listening tests: a comparison folder and tests built from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.listening.simulation import SoundMaker

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``tts-pipeline compare`` writes: four texts, three strategies; one text has two."""
    from tests.listening.simulation import write_comparison

    folder = tmp_path_factory.mktemp("comparison")
    write_comparison(folder)
    return folder


@pytest.fixture
def speak() -> SoundMaker:
    """Stands in for the voice that says attention checks; remembers what it said."""
    from tests.listening.simulation import SoundMaker

    return SoundMaker()


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[Any, str]]:
    """Playwright and the path of the system's browser; skips where either is missing."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install '.[test]'"
    )
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.skip(f"no browser on the PATH (one of {', '.join(CHROMIUMS)})")
    with sync_api.sync_playwright() as playwright:
        yield playwright, path


@pytest.fixture(scope="session")
def browser(chromium: tuple[Any, str]) -> Iterator[Any]:
    """A running headless Chromium."""
    playwright, path = chromium
    running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
    yield running
    running.close()
