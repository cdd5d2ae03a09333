"""The text side that acoustic models share; that its numbers are those of the module is tested with
the models."""

import dataclasses
import gc
import weakref

import numpy as np

from tts_pipeline.acoustic.token_plan import TokenPlan, TokenPlanner
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.voice.voice import Voice

TEXT = "The same sentence is planned more than once."


def planner_of(voice: Voice) -> TokenPlanner:
    return voice.choose_acoustic("autoregressive").text


def tokens_of(voice: Voice, text: str = TEXT) -> np.ndarray:
    (sentence,), _ = voice.front_end(text)
    return np.array(sentence.tokens, np.int64)


def assert_same(plan: TokenPlan, expected: TokenPlan) -> None:
    for name, values in plan._asdict().items():
        np.testing.assert_array_equal(values, getattr(expected, name), err_msg=name)


def test_one_sentence_planned_twice_with_other_wishes_is_what_a_new_planner_makes_of_it():
    voice, other = Voice.load(), Voice.load()
    given = AcousticInput.plain(tokens_of(voice))
    planner_of(voice).plan(given)
    faster = dataclasses.replace(given, rate=given.rate * 2, pitch=given.pitch * 1.2)
    assert faster.tokens is given.tokens
    alone = AcousticInput.plain(tokens_of(other), rate=2.0, pitch=1.2)
    assert_same(planner_of(voice).plan(faster), planner_of(other).plan(alone))


def test_tokens_that_were_written_over_are_read_anew():
    voice, other = Voice.load(), Voice.load()
    buffer = tokens_of(voice, "Good morning, Anna.")
    given = AcousticInput.plain(buffer)
    before = planner_of(voice).plan(given)
    buffer[:] = buffer[::-1].copy()
    assert given.tokens is buffer
    after = planner_of(voice).plan(given)
    assert not np.array_equal(before.vectors, after.vectors)
    assert_same(after, planner_of(other).plan(AcousticInput.plain(buffer.copy())))


def test_a_plan_does_not_change_with_what_its_reader_does_to_it():
    voice = Voice.load()
    given = AcousticInput.plain(tokens_of(voice))
    first = planner_of(voice).plan(given)
    expected = TokenPlan(*(values.copy() for values in first))
    for values in first:
        values[:] = 0
    assert_same(planner_of(voice).plan(given), expected)


def test_nothing_is_kept_of_a_sentence_that_is_over():
    planner = planner_of(Voice.load())
    given = AcousticInput.plain(np.full(30, 5, np.int64) + np.arange(30) % 7)
    planner.plan(given)
    tokens = weakref.ref(given.tokens)
    del given
    gc.collect()
    assert tokens() is None
