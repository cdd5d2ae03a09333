"""Fixtures that several test files use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_corpus import write_small_corpus


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
    """Folder of a small untrained voice, in float32: copy it before changing it."""
    import torch

    from tests.tiny_voice import make_tiny_voice

    folder = tmp_path_factory.mktemp("tiny_voice")
    make_tiny_voice().save(folder, dtype=torch.float32)
    return folder
