"""Playing in step, in a real browser's audio engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.listening.in_browser import SMALL
from tests.listening.simulation import serving, small_test

PLAYER = """async ({ rate, aligned, loop, region, steps, seconds }) => {
    const { SyncPlayer } = await import("./js/player.js");
    const context = new OfflineAudioContext(1, seconds * rate, rate);
    const constant = (value, length) => {
        const buffer = context.createBuffer(1, length * rate, rate);
        buffer.getChannelData(0).fill(value);
        return buffer;
    };
    const ramp = context.createBuffer(1, rate, rate);
    ramp.getChannelData(0).forEach((_, i, all) => (all[i] = i / rate));
    const sounds = new Map([["ramp", ramp], ["same", ramp], ["low", constant(-0.5, 1)]]);
    const player = new SyncPlayer(context, sounds, { aligned, loop });
    if (region) player.setRegion(...region);
    for (const [time, name] of steps)
        context.suspend(time).then(() => { player.play(name); context.resume(); });
    const rendered = await context.startRendering();
    player.close();
    return [...rendered.getChannelData(0)];
}"""


def test_switching_is_sample_accurate_and_without_gaps(
    browser: Any, comparison: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mos", text_ids=("t01",))
    rate, lead, quantum = 16_000, 320, 128
    with serving(folder, key) as (port, _), browser.new_context(viewport=SMALL) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")

        def play(**options: Any) -> np.ndarray:
            settings = {"rate": rate, "aligned": True, "loop": True, "region": None, **options}
            return np.array(page.evaluate(PLAYER, settings), dtype=np.float64)

        ramp = np.arange(rate) / rate
        # Between two equal sounds nothing at all can be heard, over the loop's end as well.
        heard = play(seconds=3, steps=[[0, "ramp"], [0.4, "same"], [1.3, "ramp"]])
        expected = np.tile(ramp, 3)[: 3 * rate - lead]
        np.testing.assert_allclose(heard[lead:], expected, atol=1e-6)
        # A switch to another sound is a straight crossfade of 8 ms; time goes on meanwhile.
        heard = play(seconds=1, steps=[[0, "ramp"], [0.4, "low"], [0.8, "ramp"]])[lead:]
        switch, back = (round(t * rate / quantum) * quantum - lead for t in (0.4, 0.8))
        fade = round(0.008 * rate)
        np.testing.assert_allclose(heard[:switch], ramp[:switch], atol=1e-6)
        share = np.arange(fade) / fade
        mixed = (1 - share) * ramp[switch : switch + fade] - share * 0.5
        np.testing.assert_allclose(heard[switch : switch + fade], mixed, atol=1e-3)
        np.testing.assert_allclose(heard[switch + fade : back], -0.5, atol=1e-6)
        end = len(heard)
        np.testing.assert_allclose(heard[back + fade : end], ramp[back + fade : end], atol=1e-6)
        # A loop of 0.25 s to 0.5 s, with fades of 5 ms at its ends.
        heard = play(seconds=1, region=[0.25, 0.5], steps=[[0, "ramp"]])[lead:]
        period = rate // 4
        body = slice(80, period - 80)
        for start in range(0, 3 * period, period):
            np.testing.assert_allclose(heard[start:][body], ramp[period:][body], atol=1e-6)
            assert abs(heard[start]) < 1e-6
        # Sounds of other timing start anew, once.
        heard = play(seconds=3, aligned=False, loop=False, steps=[[0, "low"], [0.48, "ramp"]])
        at = round(0.48 * rate / quantum) * quantum + lead
        np.testing.assert_allclose(heard[at : at + rate], ramp, atol=1e-6)
        np.testing.assert_allclose(heard[at + rate :], 0, atol=1e-6)
