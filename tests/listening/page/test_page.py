"""The page in a real browser: by keyboard alone, static, offline, on a small screen."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.listening.in_browser import SMALL, TOKEN, WAIT_MS, SimulatedListener, wait
from tests.listening.simulation import Client, answer_to, serving, small_test
from tts_pipeline.listening.analysis.results import read_results
from tts_pipeline.listening.design import sounds
from tts_pipeline.listening.trials import ANSWERS_FILE, Key


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
        wait(page, "#continue")
        # The heading has the focus, so that a screen reader begins there.
        assert page.evaluate("document.activeElement.tagName") == "H1"
        page.keyboard.press("Enter")
        wait(page, "h1:has-text('Set your volume')")
        trials = {t.id: t for session in key.sessions for t in session}
        shown = Client(port, page.evaluate(TOKEN)).session()["trials"]
        page.keyboard.press("Space")
        wait(page, "button.play[aria-pressed='true']")
        page.keyboard.press("Enter")
        for heading, phase in (
            ("Headphone check", "headphones"),
            ("Practice", "training"),
            ("The test begins", "main"),
        ):
            wait(page, f"h1:text-is('{heading}')")
            page.keyboard.press("Enter")
            for trial in (t for t in shown if t["phase"] == phase):
                wait(page, "button.play[aria-pressed='false']")
                page.keyboard.press("4")  # too early: nothing is chosen yet
                page.keyboard.press("Space")
                wait(page, "fieldset:not([disabled])")
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
        wait(page, "#comment")
        page.keyboard.press("Tab")
        page.keyboard.type("By keyboard.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait(page, "h1:has-text('Thank you')")
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
            wait(page, f"h1:text-is('{heading}')")
            page.keyboard.press("Enter")
        wait(page, ".mushra")
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
        wait(page, "#comment")
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
        wait(page, f"h1:has-text('{heading}')")
        page.click("#continue")
    for number, trial in enumerate(t for t in key.sessions[5] if t.phase == "main"):
        wait(page, f"h1:has-text('Sound {number + 1}')")
        page.click("button.play", timeout=WAIT_MS)
        wait(page, "#typed:not([disabled])")
        words = key.texts[trial.text].split()
        page.keyboard.type(" ".join(["Snow", *words[1:]]).upper().rstrip("."))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Enter")
        if number == 1:
            # A reload goes on where it was.
            wait(page, "h1:has-text('Sound 3')")
            page.reload()
            for _ in range(3):
                page.click("#continue", timeout=WAIT_MS)
    wait(page, "#comment")
    page.click("#continue")
    wait(page, "#download")
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
                wait(page, f"h1:has-text('{heading}')")
                page.click("#continue")
            wait(page, ".trial")
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
        wait(page, ".trial")
        context.set_offline(True)
        for _ in listener.mos(trial):
            pass
        page.click("#continue")
        wait(page, "#status:has-text('1 answer is kept on this device')")
        assert client.session()["answered"] == []
        # The answer was acknowledged to nobody; somebody else's repetition makes it a 409.
        assert client.answer(answer_to(trial, score=1))[0] == 201
        context.set_offline(False)
        wait(page, "#status:has-text('All answers saved')")
        wait(page, "#comment")
