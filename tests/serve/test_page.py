"""The page in a real browser, which hears through a sound card that is not there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.serve.running import Server
from tts_pipeline import synthesize

playwright = pytest.importorskip("playwright.sync_api")

TEXT = "Dr. Smith paid $25.00 for it. Then he went home."
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no browser")
    with playwright.sync_playwright() as running:
        arguments = ["--autoplay-policy=no-user-gesture-required"]
        browser = running.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 375, "height": 700})
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.faults.append(line.text))
    page.goto(server.url)
    page.wait_for_selector("#vocoder option", state="attached", timeout=WAIT_MS)
    yield page
    assert page.faults == []
    context.close()


def test_types_plays_highlights_and_downloads(page: Any, tiny_voice: Path, tmp_path: Path) -> None:
    page.fill("#text", TEXT)
    page.evaluate(
        """() => {
            window.marked = [];
            new MutationObserver(() => {
                const now = document.querySelector("#spoken .now");
                if (now && window.marked.at(-1) !== now.textContent) {
                    window.marked.push(now.textContent);
                }
            }).observe(document.querySelector("#spoken"), { subtree: true, attributes: true });
        }"""
    )
    page.press("#text", "Control+Enter")
    page.wait_for_selector("#spoken .now", timeout=WAIT_MS)
    assert "first sound came after" in page.inner_text("#status")
    page.wait_for_selector("#status:text-is('Done.')", timeout=WAIT_MS)
    assert page.inner_text("#spoken") == TEXT
    words = ["Dr.", "Smith", "paid", "$25.00", "for", "it", "Then", "he", "went", "home"]
    marked = page.evaluate("window.marked")
    # A picture may be skipped on a busy machine, but the order never changes.
    assert [word for word in words if word in marked] == marked and len(marked) >= 6
    with page.expect_download() as waiting:
        page.click("#download")
    waiting.value.save_as(tmp_path / "speech.wav")
    samples, rate = soundfile.read(tmp_path / "speech.wav")
    expected = synthesize(TEXT, voice=tiny_voice)
    assert rate == 24_000 and len(samples) == round(len(expected.samples) * 1.5)


def test_stops(page: Any, server: Server) -> None:
    page.fill("#text", "This goes on for a long time. " * 100)
    page.click("#speak")
    page.wait_for_selector("#spoken .now", timeout=WAIT_MS)
    page.keyboard.press("Escape")
    assert page.inner_text("#status") == "Stopped."
    assert page.is_disabled("#stop") and not page.query_selector("#spoken .now")


def test_tells_how_words_are_read(page: Any) -> None:
    page.fill("#text", "Dr. Smith \U0001f600 read.")
    page.click("#read")
    page.wait_for_selector("#words tr", timeout=WAIT_MS)
    rows = [row.inner_text().split("\t") for row in page.query_selector_all("#words tr")]
    assert rows[0][:4] == ["doctor", "Dr.", "/ˈdɑktɚ/", "D AA1 K T ER0"]
    assert rows[2][:2] == ["read", "read"]
    assert page.query_selector_all("#dropped li")


def test_errors_are_shown(page: Any) -> None:
    page.fill("#text", "...")
    page.click("#speak")
    page.wait_for_selector("#status.fault", timeout=WAIT_MS)
    assert "no words" in page.inner_text("#status")
    # The browser tells of the refused request itself.
    page.faults.clear()


def test_a_link_brings_everything_back(page: Any) -> None:
    page.fill("#text", "Share & enjoy = 100 %\n#2")
    page.select_option("#vocoder", "griffin-lim")
    page.evaluate(
        """() => {
            const rate = document.querySelector("#rate");
            rate.value = "1";
            rate.dispatchEvent(new Event("input"));
        }"""
    )
    assert page.inner_text("#rate-value") == "2.00 times"
    page.click("#share")
    page.wait_for_selector("#status:has-text('link is')", timeout=WAIT_MS)
    url = page.url
    page.goto("about:blank")
    page.goto(url)
    page.wait_for_selector("#vocoder option", state="attached", timeout=WAIT_MS)
    assert page.input_value("#vocoder") == "griffin-lim"
    assert page.input_value("#text") == "Share & enjoy = 100 %\n#2"
    assert page.inner_text("#rate-value") == "2.00 times"


def test_keyboard_reaches_everything_and_everything_has_a_name(page: Any) -> None:
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    wanted = ["text", "voice", "acoustic", "vocoder", "rate", "pitch", "format", "seed", "speak",
              "read", "share"]  # fmt: skip
    assert [name for name in reached if name in wanted][: len(wanted)] == wanted
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea")]
            .filter((one) => !(one.labels?.length || one.textContent.trim()))
            .map((one) => one.id)"""
    )
    assert unnamed == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "nothing scrolls sideways on a phone"
