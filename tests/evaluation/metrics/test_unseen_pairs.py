"""Unseen pairs: the figure over texts is that of all their pairs, and who gives it when."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.acoustic.families import write_voice_of_codes
from tts_pipeline.evaluation.compare.code_pairs import SEEN_PAIRS, code_pairs, mel_pairs
from tts_pipeline.evaluation.compare.strategies import Natural, Speech
from tts_pipeline.evaluation.metrics.registry import METRICS, Case, possible, score
from tts_pipeline.evaluation.metrics.sound import Sound
from tts_pipeline.features.codes.pairs import SeenPairs
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.voice.models import FEATURES
from tts_pipeline.voice.voice import Voice


@dataclasses.dataclass
class Text:
    text: str
    mel: np.ndarray | None = None


@pytest.fixture(scope="module")
def voice_of_codes(tmp_path_factory) -> Voice:
    return write_voice_of_codes(tmp_path_factory.mktemp("codes"))


@pytest.fixture()
def voice(voice_of_codes, tmp_path) -> Voice:
    """With a table in which each code is followed by itself alone, and stands beside all."""
    voice_of_codes.save(tmp_path, dtype="float32")
    n = voice_of_codes.start("codes", FEATURES).config.n_codes
    same = np.broadcast_to(np.eye(n, dtype=bool), (4, n, n))
    SeenPairs(same, np.ones((3, n, n), bool)).save(tmp_path / SEEN_PAIRS)
    return Voice.load(tmp_path)


def test_the_figure_is_the_share_of_all_pairs_not_the_mean_of_shares():
    rows = []
    for counts in ((1, 10), (0, 90)):
        case = Case(
            Sound(np.random.default_rng(0).normal(0, 0.1, 1600)),
            arrays={"mel_pairs": np.array(counts)},
        )
        rows.append(score(case, ["unseen_pairs"]).rows["unseen_pairs"])
    assert METRICS["unseen_pairs"].statistic(np.sum(rows, 0)) == pytest.approx(0.01)


def test_asked_for_only_where_there_are_codes():
    assert "unseen_pairs" not in possible({"text", "mel"})
    assert "unseen_pairs" in possible({"mel_pairs"})
    assert "written_unseen_pairs" in possible({"code_pairs"})
    without = score(Case(Sound(np.random.default_rng(0).normal(0, 0.1, 1600))), ["unseen_pairs"])
    assert "mel_pairs" in without.unavailable["unseen_pairs"]


def test_pairs_of_a_mel_are_those_of_its_codes(voice):
    mel = np.random.default_rng(0).normal(-6, 2, (80, 60)).astype(np.float32)
    codes = voice.start("codes", FEATURES).encode(mel)
    changes = np.count_nonzero(codes[1:] != codes[:-1])
    counts = mel_pairs(voice, [mel, mel])["mel_pairs"]
    np.testing.assert_array_equal(counts, [2 * changes, 2 * (29 * 4 + 30 * 3)])
    natural = Natural("natural", "recordings").arrays(voice, Text("", mel), 0)
    np.testing.assert_array_equal(natural["mel_pairs"], counts // 2)


@pytest.mark.parametrize("acoustic", ["coded", "masked", "autoregressive"])
def test_a_strategy_tells_of_what_it_spoke(voice, acoustic):
    strategy = Speech("any", "any", acoustic, "parallel", options=())
    arrays = strategy.arrays(voice, Text("One and two."), 3)
    mel = arrays["mel"]
    np.testing.assert_array_equal(arrays["mel_pairs"], mel_pairs(voice, [mel])["mel_pairs"])
    if acoustic == "autoregressive":
        assert "code_pairs" not in arrays
        return
    (sentence,), _ = voice.front_end("One and two.")
    engine = voice.choose_acoustic(acoustic)
    codes = engine.write_codes(AcousticInput.plain(sentence.tokens), seed=3)
    np.testing.assert_array_equal(arrays["code_pairs"], code_pairs(voice, [codes])["code_pairs"])
    np.testing.assert_allclose(engine.codes.decode(codes)[:, : mel.shape[1]], mel, atol=1e-5)


def test_nothing_is_told_without_a_table(voice_of_codes):
    mel = np.zeros((80, 10), np.float32)
    assert mel_pairs(voice_of_codes, [mel]) == code_pairs(voice_of_codes, [mel]) == {}
