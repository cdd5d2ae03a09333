"""Drives the page of a listening test in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.listening.simulation import Client
from tts_pipeline.listening.trials import Key

# Fewer pixels to draw without a graphics card.
SMALL = {"width": 320, "height": 600}
TOKEN = "JSON.parse(localStorage.getItem(Object.keys(localStorage)[0])).token"
# Chromium's clock of sound runs without a sound card as well; waits are for a busy machine.
WAIT_MS = 60_000

MUSHRA_SCORES = {"natural": 100, "two-stage": 70, "wavenet": 80, "anchor-3500": 20}
MOS_SCORES = {"natural": 5, "two-stage": 3, "wavenet": 4}

# Presses and moves by events in the page: Playwright's own take many frames each.
PRESS = "name => document.querySelector(name).click()"
RATE_ALL = """scores => {
    const buttons = [...document.querySelectorAll(".mushra button.play")];
    const sliders = [...document.querySelectorAll(".column input")];
    buttons.forEach((button) => button.click());
    buttons.at(-1).click(); // pauses
    const early = !document.querySelector("#continue").disabled;
    sliders.forEach((slider, i) => {
        slider.value = scores[i];
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return [buttons.length, sliders.length, early];
}"""


def wait(page: Any, what: str) -> Any:
    """Wait until the page shows what a selector says."""
    return page.wait_for_selector(what, timeout=WAIT_MS)


def press(page: Any, what: str) -> None:
    """Press what a selector says as soon as it is there."""
    wait(page, what)
    page.evaluate(PRESS, what)


def _condition_scores(key: Key, name: str, scores: dict[str, int], listener: int) -> int:
    """What the listener will say of a sound: everybody a little different, but known."""
    score = scores[key.stimuli[name].condition]
    if scores is MOS_SCORES or score == 100:
        return score
    return score + listener - 5


class SimulatedListener:
    """Takes a test in a page; ``steps`` yields where it would wait, so that ten can take turns."""

    def __init__(self, page: Any, port: int, key: Key, number: int) -> None:
        self.page, self.port, self.key, self.number = page, port, key, number
        self.reload_after: int | None = None
        self.token = ""
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def steps(self) -> Iterator[None]:
        page = self.page
        page.goto(f"http://127.0.0.1:{self.port}/")
        yield
        yield from self.pass_introduction("Begin")
        self.token = page.evaluate(TOKEN)
        trials = Client(self.port, self.token).session()["trials"]
        kinds = {"mos": "Sound", "mushra": "Trial"}
        for count, trial in enumerate(t for t in trials if t["phase"] == "main"):
            wait(page, f"h1:text-is('{kinds[trial['kind']]} {count + 1}') + .trial")
            yield from self.mushra(trial) if trial["kind"] == "mushra" else self.mos(trial)
            press(page, "#continue:not([disabled])")
            if count == self.reload_after:
                page.reload()
                yield
                yield from self.pass_introduction("Go on")
            yield
        wait(page, "#comment")
        page.fill("#comment", f"I am number {self.number}.")
        press(page, "#continue")
        yield
        wait(page, "h1:text-is('Thank you')")
        assert "All your answers are saved" in page.inner_text("main")

    def pass_introduction(self, label: str) -> Iterator[None]:
        # A true click, as browsers let nobody else start sound.
        self.page.click(f"#continue:text-is('{label}')", timeout=WAIT_MS)
        for heading in ("Set your volume", "The test begins"):
            yield
            wait(self.page, f"h1:text-is('{heading}')")
            press(self.page, "#continue")

    def mos(self, trial: dict[str, Any]) -> Iterator[None]:
        page = self.page
        assert page.is_disabled("#continue")
        press(page, "button.play")
        yield
        score = _condition_scores(self.key, trial["stimuli"][0], MOS_SCORES, self.number)
        press(page, f"fieldset:not([disabled]) input[value='{score}']")

    def mushra(self, trial: dict[str, Any]) -> Iterator[None]:
        scores = [
            _condition_scores(self.key, name, MUSHRA_SCORES, self.number)
            for name in trial["stimuli"]
        ]
        n_buttons, n_sliders, early = self.page.evaluate(RATE_ALL, scores)
        assert (n_buttons, n_sliders, early) == (len(scores) + 1, len(scores), False)
        yield
