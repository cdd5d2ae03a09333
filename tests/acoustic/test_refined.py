"""A refiner behind an acoustic model: what is settled once, and how much is waited for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.acoustic.families import MODULES
from tests.acoustic.plans import shaken
from tests.tiny import make_tiny_voice
from tts_pipeline.acoustic.refined import Refined
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.voice.voice import Voice

CHAIN = "autoregressive+flow-refiner"


@pytest.fixture(scope="module")
def voice() -> Voice:
    return make_tiny_voice().with_model("flow-refiner", shaken(MODULES["flow-refiner"]))


@pytest.fixture(scope="module")
def given(voice: Voice) -> AcousticInput:
    words = "a few words of it, and then some more of them, and so on to the end of the line"
    sentences, _ = voice.front_end(words)
    return AcousticInput.plain(sentences[0].tokens, rate=0.5)


def test_a_sentence_is_planned_once_and_refined_as_if_twice(voice, given, monkeypatch):
    acoustic, refiner = voice.acoustic, voice.refiners["flow-refiner"]
    (stream,) = acoustic.infer([given], seed=2)
    expected = refiner.refine(stream.read(), given, stream.durations, seed=2)
    made = []
    blocks_over = "tts_pipeline.acoustic.token_plan.blocks_over"
    inner = acoustic.text.plan.__globals__["blocks_over"]
    monkeypatch.setattr(blocks_over, lambda *each: made.append(each) or inner(*each))
    again = dataclasses.replace(given, tokens=given.tokens.copy())
    found = voice.choose_acoustic(CHAIN).infer([again], seed=2)[0].read()
    np.testing.assert_array_equal(found, expected)
    # The encoder's blocks and those of the three predictors.
    assert len(made) == 4


def test_the_first_block_waits_for_no_more_than_the_refiner_sees(voice, given):
    acoustic, refiner = voice.acoustic, voice.refiners["flow-refiner"]
    written = []

    class Counted:
        """The acoustic model, with the lengths of the blocks that were asked of it."""

        features, controls, options = acoustic.features, acoustic.controls, acoustic.options
        n_parameters = acoustic.n_parameters

        def stream(self, given, *, seed, options=None):
            made = acoustic.stream(given, seed=seed, options=options)

            def counted(blocks):
                for block in blocks:
                    written.append(block.shape[1])
                    yield block

            made.blocks = counted(made.blocks)
            return made

    stream = Refined(Counted(), refiner).stream(given, seed=0)
    assert stream.durations.sum() > 300 and not written
    first = next(stream.blocks)
    assert first.shape[1] >= acoustic.options().first_frames == 64
    assert written == [64 + refiner.lookahead()]
