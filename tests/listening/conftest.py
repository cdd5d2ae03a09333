"""Fixtures of the listening tests: a comparison folder and tests built from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.listening.simulation import SoundMaker


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
