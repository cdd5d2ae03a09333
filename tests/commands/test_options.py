"""Choice and settings of models on the command line."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from tts_pipeline.commands.options import add_voice_options, voice_options
from tts_pipeline.errors import ConfigError


def parsed(*words: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_voice_options(parser)
    return voice_options(parser.parse_args(words))


def test_what_is_not_said_is_left_to_the_voice() -> None:
    assert not {"acoustic", "vocoder", "steps", "temperature"} & set(parsed())


def test_models_and_their_settings_become_keywords() -> None:
    words = "--acoustic a+b --vocoder c --steps 4 --temperature 0.5 --option top_p=0.9"
    found = parsed(*words.split(), "--option", "mode=fast", "--option", "exact=true")
    expected = {"acoustic": "a+b", "vocoder": "c", "steps": 4, "temperature": 0.5}
    expected |= {"top_p": 0.9, "mode": "fast", "exact": True}
    assert {name: found[name] for name in expected} == expected
    assert isinstance(found["exact"], bool) and isinstance(found["top_p"], float)


@pytest.mark.parametrize("given", ["steps", "=4", "to p=1", "voice=x", "rate=2"])
def test_what_is_no_option_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="expected NAME=VALUE of a model"):
        parsed("--option", given)
