"""A style on the tokens of a sentence, by hand."""

from __future__ import annotations

import numpy as np

from tts_pipeline.protocols import AcousticInput
from tts_pipeline.style.applied import RANGE, styled
from tts_pipeline.style.factors import Style
from tts_pipeline.text.symbols import ARPABET

PHONES = ["<bos>", "N", "OW1", "|", "M", "AO1", "R", ",", "S", "T", "AA1", "P", ".", "<eos>"]
F0 = np.array([200, 180, 240, 190, 160, 220, 200, 180, 170, 170, 210, 150, 140, 140], np.float32)


def sentence(**wishes) -> AcousticInput:
    return AcousticInput.plain([ARPABET.encode(phone) for phone in PHONES], **wishes)


def of_all(style: Style) -> np.ndarray:
    return np.array([style.values] * len(PHONES))


def test_rate_pitch_and_energy_are_multiplied():
    style = Style(rate=0.8, pitch=1.1, energy=1.5)
    made = styled(sentence(rate=0.5, pitch=2.0), of_all(style), ARPABET, None)
    np.testing.assert_allclose(made.rate, 0.4, rtol=1e-6)
    np.testing.assert_allclose(made.pitch, 2.2, rtol=1e-6)
    np.testing.assert_allclose(made.energy, 1.5, rtol=1e-6)


def test_pauses_and_what_comes_before_them_are_stretched():
    made = styled(sentence(), of_all(Style(pauses=2.0, final=1.25)), ARPABET, None)
    lasting = dict(zip(range(len(PHONES)), 1 / made.rate))
    stretched = dict.fromkeys((7, 12), 2.0) | dict.fromkeys((5, 6, 10, 11), 1.25)
    for k in range(len(PHONES)):
        np.testing.assert_allclose(lasting[k], stretched.get(k, 1.0), rtol=1e-6)


def test_without_vowels_the_last_two_sounds_are_stretched():
    tokens = [ARPABET.encode(phone) for phone in ("<bos>", "P", "S", "T", ".", "<eos>")]
    factors = np.array([Style(final=1.25).values] * 6)
    made = styled(AcousticInput.plain(tokens), factors, ARPABET, None)
    np.testing.assert_allclose(1 / made.rate, [1, 1, 1.25, 1.25, 1, 1], rtol=1e-6)


def test_the_range_of_f0_is_that_around_its_mean():
    phones = [k for k, phone in enumerate(PHONES) if phone not in ("<bos>", "<eos>", "|", ",", ".")]
    logs = np.log(F0[phones])
    for spread in (0.0, 0.5, 1.6):
        made = styled(sentence(), of_all(Style(range=spread)), ARPABET, F0)
        moved = np.log(F0 * made.pitch)[phones]
        np.testing.assert_allclose(moved.mean(), logs.mean(), rtol=1e-6)
        np.testing.assert_allclose(moved - moved.mean(), spread * (logs - logs.mean()), atol=1e-6)
    unknown = styled(sentence(), of_all(Style(range=0.5)), ARPABET, None)
    assert (unknown.pitch == 1).all()


def test_each_word_may_have_its_own():
    factors = of_all(Style())
    factors[4:8] = Style(rate=0.5, energy=2.0).values
    made = styled(sentence(), factors, ARPABET, F0)
    np.testing.assert_array_equal(made.rate == 0.5, [4 <= k < 8 for k in range(len(PHONES))])
    np.testing.assert_array_equal(made.energy == 2, [4 <= k < 8 for k in range(len(PHONES))])
    assert RANGE == 2
