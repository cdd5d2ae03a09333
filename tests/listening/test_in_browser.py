"""The whole way in a real browser: ten listeners, a reload, rubbish, a keyboard, a static build."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.listening.simulation import Client, answer_to, serving, small_test
from tts_pipeline.listening import sounds
from tts_pipeline.listening.analysis import analyse
from tts_pipeline.listening.results import read_results
from tts_pipeline.listening.trials import ANSWERS_FILE, Key

N_LISTENERS = 10
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


def _wait(page: Any, what: str) -> Any:
    return page.wait_for_selector(what, timeout=WAIT_MS)


def _press(page: Any, what: str) -> None:
    _wait(page, what)
    page.evaluate(PRESS, what)


def _condition_scores(key: Key, name: str, scores: dict[str, int], listener: int) -> int:
    """What the listener will say of a sound: everybody a little different, but known."""
    score = scores[key.stimuli[name].condition]
    if scores is MOS_SCORES or score == 100:
        return score
    return score + listener - N_LISTENERS // 2


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
            _wait(page, f"h1:text-is('{kinds[trial['kind']]} {count + 1}') + .trial")
            yield from self.mushra(trial) if trial["kind"] == "mushra" else self.mos(trial)
            _press(page, "#continue:not([disabled])")
            if count == self.reload_after:
                page.reload()
                yield
                yield from self.pass_introduction("Go on")
            yield
        _wait(page, "#comment")
        page.fill("#comment", f"I am number {self.number}.")
        _press(page, "#continue")
        yield
        _wait(page, "h1:text-is('Thank you')")
        assert "All your answers are saved" in page.inner_text("main")

    def pass_introduction(self, label: str) -> Iterator[None]:
        # A true click, as browsers let nobody else start sound.
        self.page.click(f"#continue:text-is('{label}')", timeout=WAIT_MS)
        for heading in ("Set your volume", "The test begins"):
            yield
            _wait(self.page, f"h1:text-is('{heading}')")
            _press(self.page, "#continue")

    def mos(self, trial: dict[str, Any]) -> Iterator[None]:
        page = self.page
        assert page.is_disabled("#continue")
        _press(page, "button.play")
        yield
        score = _condition_scores(self.key, trial["stimuli"][0], MOS_SCORES, self.number)
        _press(page, f"fieldset:not([disabled]) input[value='{score}']")

    def mushra(self, trial: dict[str, Any]) -> Iterator[None]:
        scores = [
            _condition_scores(self.key, name, MUSHRA_SCORES, self.number)
            for name in trial["stimuli"]
        ]
        n_buttons, n_sliders, early = self.page.evaluate(RATE_ALL, scores)
        assert (n_buttons, n_sliders, early) == (len(scores) + 1, len(scores), False)
        yield


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


def test_by_keyboard_alone_with_headphone_check_and_practice(
    browser: Any, comparison: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounds, "TONE_S", 0.05)
    monkeypatch.setattr(sounds, "TONE_GAP_S", 0.02)
    folder = tmp_path / "test"
    key = small_test(
        comparison, folder, design="mos", headphones="require", training=1, text_ids=("t01", "t02")
    )
    with serving(folder, key) as (port, _), browser.new_context(viewport=SMALL) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        _wait(page, "#continue")
        # The heading has the focus, so that a screen reader begins there.
        assert page.evaluate("document.activeElement.tagName") == "H1"
        page.keyboard.press("Enter")
        _wait(page, "h1:has-text('Set your volume')")
        trials = {t.id: t for session in key.sessions for t in session}
        shown = Client(port, page.evaluate(TOKEN)).session()["trials"]
        page.keyboard.press("Space")
        _wait(page, "button.play[aria-pressed='true']")
        page.keyboard.press("Enter")
        for heading, phase in (
            ("Headphone check", "headphones"),
            ("Practice", "training"),
            ("The test begins", "main"),
        ):
            _wait(page, f"h1:text-is('{heading}')")
            page.keyboard.press("Enter")
            for trial in (t for t in shown if t["phase"] == phase):
                _wait(page, "button.play[aria-pressed='false']")
                page.keyboard.press("4")  # too early: nothing is chosen yet
                page.keyboard.press("Space")
                _wait(page, "fieldset:not([disabled])")
                assert page.locator("input:checked").count() == 0
                right = trials[trial["id"]].expected
                page.keyboard.press(right if phase == "headphones" else "4")
                before = page.inner_text("h1")
                page.keyboard.press("Enter")
                page.wait_for_function(
                    "before => document.querySelector('h1').textContent !== before",
                    arg=before,
                    timeout=WAIT_MS,
                )
        _wait(page, "#comment")
        page.keyboard.press("Tab")
        page.keyboard.type("By keyboard.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        _wait(page, "h1:has-text('Thank you')")
    (participant,) = read_results(key, [folder / ANSWERS_FILE]).participants
    assert participant.finished
    assert participant.tones == (6, 6)
    assert participant.comment == "By keyboard."
    assert [item.value for item in participant.judgements] == [4.0, 4.0]


def test_mushra_by_keyboard_alone(browser: Any, comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mushra", text_ids=("t01",))
    with serving(folder, key) as (port, _), browser.new_context(viewport=SMALL) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        for heading in ("Listening test", "Set your volume", "The test begins"):
            _wait(page, f"h1:text-is('{heading}')")
            page.keyboard.press("Enter")
        _wait(page, ".mushra")
        page.keyboard.press("r")
        page.wait_for_timeout(150)
        page.keyboard.press("[")
        region = page.inner_text("output.region")
        assert float(region.split("–")[0]) > 0
        for letter, press in (("a", "End"), ("b", "Home"), ("c", "ArrowUp"), ("d", "Enter")):
            assert page.is_disabled("#continue")
            page.keyboard.press(letter)
            name = f"Score of sound {letter.upper()}"
            assert page.evaluate("document.activeElement.ariaLabel") == name
            page.keyboard.press(press)
        said = page.get_by_role("slider", name="Score of sound A").get_attribute("aria-valuetext")
        assert said == "100, Excellent"
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        _wait(page, "#comment")
    (listener,) = read_results(key, [folder / ANSWERS_FILE]).participants
    assert [item.value for item in listener.judgements] == [100.0, 0.0, 51.0, 50.0]
    assert [item.plays for item in listener.judgements] == [1, 1, 1, 1]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_static_build_gives_a_file_that_analyse_reads(
    browser: Any, comparison: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="intelligibility", text_ids=("t01", "t02", "t03"))
    handler = functools.partial(_Quiet, directory=str(folder / "public"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with browser.new_context(viewport=SMALL) as context:
                path = _type_everything(context.new_page(), server.server_port, key, tmp_path)
        finally:
            server.shutdown()
            thread.join()
    content = json.loads(path.read_text())
    assert content["session"] == 5
    assert len(content["listener"]) == 32
    (participant,) = read_results(key, [path]).participants
    assert participant.finished
    # "Snow" for the first word is one error of five.
    assert [item.value for item in participant.judgements] == pytest.approx([0.2] * 3)


def _type_everything(page: Any, port: int, key: Key, out: Path) -> Path:
    page.goto(f"http://127.0.0.1:{port}/?session=5")
    for heading in ("Listening test", "Set your volume", "The test begins"):
        _wait(page, f"h1:has-text('{heading}')")
        page.click("#continue")
    for number, trial in enumerate(t for t in key.sessions[5] if t.phase == "main"):
        _wait(page, f"h1:has-text('Sound {number + 1}')")
        page.click("button.play", timeout=WAIT_MS)
        _wait(page, "#typed:not([disabled])")
        words = key.texts[trial.text].split()
        page.keyboard.type(" ".join(["Snow", *words[1:]]).upper().rstrip("."))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Enter")
        if number == 1:
            # A reload goes on where it was.
            _wait(page, "h1:has-text('Sound 3')")
            page.reload()
            for _ in range(3):
                page.click("#continue", timeout=WAIT_MS)
    _wait(page, "#comment")
    page.click("#continue")
    _wait(page, "#download")
    with page.expect_download() as download:
        page.click("#download")
    path = out / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name.startswith("answers-")
    return path


def test_every_control_has_a_name_and_fits_a_small_screen(
    browser: Any, comparison: Path, tmp_path: Path
) -> None:
    for design in ("mushra", "abx", "ab"):
        folder = tmp_path / design
        key = small_test(comparison, folder, design=design, text_ids=("t01",))
        with serving(folder, key) as (port, _), browser.new_context(viewport=SMALL) as context:
            page = context.new_page()
            page.emulate_media(color_scheme="dark")
            page.goto(f"http://127.0.0.1:{port}/")
            for heading in ("Listening test", "Set your volume", "The test begins"):
                _wait(page, f"h1:has-text('{heading}')")
                page.click("#continue")
            _wait(page, ".trial")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            outside = page.eval_on_selector_all(
                ".card *",
                """all => {
                    const edge = document.querySelector(".card").getBoundingClientRect().right;
                    const inside = (e) => e.getBoundingClientRect().right <= edge;
                    return all.filter((e) => !inside(e) && !e.closest(".wave")).length;
                }""",
            )
            assert outside == 0
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") != (
                "rgb(244, 245, 248)"
            )
            snapshot = page.locator("main").aria_snapshot()
            assert "- button:" not in snapshot  # one without a name
            assert "- slider:" not in snapshot
            assert "- radio:" not in snapshot
            names = {
                "mushra": ["Reference", "Play sound A", "Score of sound D", "Start of the loop"],
                "abx": ["Sound A", "Sound B", "Sound X", "X is A"],
                "ab": ["Sound A", "Sound B", "I prefer A", "No preference"],
            }[design]
            for name in names:
                assert name in snapshot
            # Everything that can be pressed is large enough for a finger.
            small = page.eval_on_selector_all(
                "main button, main label.choice",
                "all => all.filter(e => e.getBoundingClientRect().height < 43).length",
            )
            assert small == 0


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


def test_answers_given_without_a_connection_are_sent_later(
    browser: Any, comparison: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mos", text_ids=("t01",))
    with serving(folder, key) as (port, _), browser.new_context(viewport=SMALL) as context:
        page = context.new_page()
        listener = SimulatedListener(page, port, key, 0)
        page.goto(f"http://127.0.0.1:{port}/")
        for _ in listener.pass_introduction("Begin"):
            pass
        token = page.evaluate(TOKEN)
        client = Client(port, token)
        trial = client.session()["trials"][0]
        _wait(page, ".trial")
        context.set_offline(True)
        for _ in listener.mos(trial):
            pass
        page.click("#continue")
        _wait(page, "#status:has-text('1 answer is kept on this device')")
        assert client.session()["answered"] == []
        # The answer was acknowledged to nobody; somebody else's repetition makes it a 409.
        assert client.answer(answer_to(trial, score=1))[0] == 201
        context.set_offline(False)
        _wait(page, "#status:has-text('All answers saved')")
        _wait(page, "#comment")
