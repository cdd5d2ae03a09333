"""Ten listeners take a test in a real browser; one reloads in the middle, one posts rubbish."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.listening.in_browser import (
    MOS_SCORES,
    MUSHRA_SCORES,
    SMALL,
    TOKEN,
    SimulatedListener,
)
from tests.listening.simulation import serving, small_test
from tts_pipeline.listening.analysis.analysis import analyse
from tts_pipeline.listening.analysis.results import read_results
from tts_pipeline.listening.trials import ANSWERS_FILE

N_LISTENERS = 10


def _take_turns(listeners: list[SimulatedListener]) -> None:
    running = [listener.steps() for listener in listeners]
    while running:
        for steps in list(running):
            try:
                next(steps)
            except StopIteration:
                running.remove(steps)


def _post_rubbish_from(page: Any) -> list[int]:
    """Posts that a listener's own page could send; the statuses they get."""
    return list(
        page.evaluate(
            """async (token) => {
                const trials = (await (await fetch("api/session",
                    {headers: {Authorization: `Bearer ${token}`}})).json()).trials;
                const send = async (content) => (await fetch("api/answers", {method: "POST",
                    headers: {"Content-Type": "application/json",
                              Authorization: `Bearer ${token}`},
                    body: content})).status;
                const bad = {trial: trials[0].id, kind: "mos", score: 6, seconds: 1, plays: {}};
                return [await send("rubbish"), await send(JSON.stringify(bad)),
                        await send(JSON.stringify({...bad, score: 5})),
                        await send("x".repeat(100000))];
            }""",
            page.evaluate(TOKEN),
        )
    )


@pytest.mark.parametrize("design", ["mushra", "mos"])
def test_ten_listeners_take_the_test(
    design: str, browser: Any, comparison: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design=design, sessions=12, text_ids=("t01", "t02"))
    with serving(folder, key) as (port, _), contextlib.ExitStack() as contexts:
        listeners = []
        for number in range(N_LISTENERS):
            context = contexts.enter_context(browser.new_context(viewport=SMALL))
            listeners.append(SimulatedListener(context.new_page(), port, key, number))
        listeners[3].reload_after = 0
        rubbish = listeners[7].steps()
        for _ in range(3):
            next(rubbish)
        listeners[7].steps = lambda: rubbish  # type: ignore[method-assign]
        statuses = _post_rubbish_from(listeners[7].page)
        assert statuses == [422, 422, 422, 413]
        _take_turns(listeners)
        assert [listener.faults for listener in listeners] == [[]] * N_LISTENERS
    results = read_results(key, [folder / ANSWERS_FILE])
    assert results.faults == ()
    assert len(results.participants) == N_LISTENERS
    assert all(participant.finished for participant in results.participants)
    assert {p.session for p in results.participants} == set(range(N_LISTENERS))
    assert {p.comment for p in results.participants} == {
        f"I am number {n}." for n in range(N_LISTENERS)
    }
    found = analyse(key, results)
    means = {row["condition"]: row["mean"] for row in found.conditions}
    if design == "mos":
        assert means == MOS_SCORES
    else:
        # Listeners add -5 to 4 to all but the hidden reference.
        expected = {name: score - 0.5 for name, score in MUSHRA_SCORES.items()}
        assert means == {**expected, "natural": 100}
    assert found.excluded == ()
