"""Tunes on tokens, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.intonation.contour import (
    FALL_LOW,
    RISE_HIGH,
    RISE_LOW,
    Tail,
    Track,
    stretched,
    with_tune,
)
from tts_pipeline.intonation.kind import Tune

# Seven tokens of ten frames: three, an accented vowel and a weak one with a stop behind it, a gap.
TAIL = Tail(accent=3, last=4, end=7)


def track(level: list[float], frames: int = 10) -> Track:
    ends = frames * np.arange(1, len(level) + 1)
    return Track(np.array(level, float), ends - frames, ends)


def test_a_rise_is_low_on_the_accent_and_high_at_the_end():
    said = track([90.0] * 7)
    made = with_tune(said, TAIL, Tune.RISE, 90.0)
    # Low for a quarter of the twenty frames, half way up with the vowel's end, then to the end.
    half = (RISE_HIGH - RISE_LOW) / 2
    assert made[3] == pytest.approx(90 + RISE_LOW + half * 12.5 / 50)
    assert made[4] == pytest.approx(90 + RISE_HIGH - half / 2)
    assert (made[5:] > 90 + RISE_HIGH).all()
    # Before it F0 bends, and what is further away stays.
    assert (made[:2] == 90).all()
    assert 90 + RISE_LOW < made[2] < 90


def test_a_movement_that_is_there_already_stays():
    for tune, step in ((Tune.RISE, 8.5), (Tune.FALL, -4.5)):
        said = track([90, 90, 90, 90, 90 + step, 90 + step, 90])
        assert (with_tune(said, TAIL, tune, 90.0) == said.level).all()
    low = track([90, 90, 90, 88, 86, 85, 85])
    assert (with_tune(low, TAIL, Tune.FALL, 90.0) == low.level).all()


def test_a_rise_is_not_doubled():
    steep = track([90, 90, 90, 89, 92, 93, 93])
    made = with_tune(steep, TAIL, Tune.RISE, 90.0)
    np.testing.assert_allclose(made[3:], with_tune(track([90] * 7), TAIL, Tune.RISE, 90.0)[3:])


def test_a_fall_goes_from_a_peak_to_the_bottom():
    said = track([90, 90, 90, 90, 93, 95, 95], frames=20)
    made = with_tune(said, TAIL, Tune.FALL, 90.0)
    assert made[3] > 90
    assert made[4] < 90
    np.testing.assert_allclose(made[5:], 90 + FALL_LOW)
    assert (made[:2] == said.level[:2]).all()


@pytest.mark.parametrize(("tune", "step"), [(Tune.CONTINUATION, 3.0), (Tune.ITEM, 4.0)])
def test_before_a_comma_f0_goes_up_and_never_down(tune, step):
    said = track([90, 90, 90, 88, 85, 85, 85], frames=20)
    made = with_tune(said, TAIL, tune, 80.0)
    assert (made >= said.level).all()
    assert made[6] == pytest.approx(85 + step)
    assert (made[:3] == said.level[:3]).all()
    high = track([90, 90, 90, 88, 95, 95, 95], frames=20)
    assert (with_tune(high, TAIL, tune, 80.0) == high.level).all()


def test_a_short_last_syllable_gets_time_to_rise():
    short = Tail(accent=3, last=3, end=7)
    rate = stretched(track([90.0] * 7, frames=12), short)
    np.testing.assert_allclose(rate, [1, 1, 1, 0.75, 1, 1, 1])
    # No more than half as long again.
    np.testing.assert_allclose(stretched(track([90.0] * 7, frames=5), short)[3], 1 / 1.5)
    assert (stretched(track([90.0] * 7), TAIL) == 1).all()
