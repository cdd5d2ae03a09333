"""The page that explains the strategies: whole in itself, and at work in a browser."""

from __future__ import annotations

import re
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.pages.conftest import MAIN, STEPS
from tests.evaluation.read_page import read_page
from tts_pipeline.comparison import Comparison
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.pages import diagrams
from tts_pipeline.evaluation.pages.explanations import EXPLANATIONS
from tts_pipeline.evaluation.pages.strategies_page import strategies_html


@pytest.fixture(scope="module")
def page_file(made: tuple[Comparison, Path]) -> Path:
    comparison, folder = made
    path = folder / "strategies.html"
    path.write_text(strategies_html(comparison, path, folder), encoding="utf-8")
    return path


def test_page_is_one_file_with_a_section_a_strategy(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    page = read_page(page_file)
    assert not re.search(r"url\(\"?(?!#)|@import|<link|<script src|https?://", text)
    marks = [str(item["id"]) for item in page.all("h2") if str(item.get("id")).startswith("w-")]
    assert marks == [
        *("w-autoregressive", "w-one-shot", "w-flow", "w-autoregressive-with-flow-refiner"),
        *("w-masked", "w-autoregressive-wavenet", "w-somebody-elses"),
    ]
    links = [str(item["href"]) for item in page.all("a") if str(item["href"]).startswith("#")]
    assert links == [f"#{mark}" for mark in marks]
    # One sound a strategy, one a number of steps where it has some, and two to show the fault.
    n_sounds = len(MAIN) - len(STEPS) + sum(map(len, STEPS.values())) + 2
    sounds = page.all("audio")
    assert len(sounds) == n_sounds
    assert all(str(item["src"]).startswith("data:audio/flac") for item in sounds)
    assert all(str(item["src"]).startswith("data:image/png") for item in page.all("img"))
    assert "recording" not in {str(item["aria-label"]).split(":")[0] for item in sounds}
    assert "Five &lt;b&gt;&quot;bold&quot;&lt;/b&gt; &amp; old maps." in text
    assert EXPLANATIONS["flow"].title in text and "Another strategy" in text


def test_the_fault_is_shown_by_the_model_of_codes(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    fault = text[text.index('id="fault"') : text.index('<section class="strategy"')]
    assert "masked, 1 step" in fault and "masked, 8 steps" in fault and "flow" not in fault
    assert "演員" in fault and "老師" in fault
    assert "1 step: 50 x real time, DistillMOS 2.10" in fault


def test_a_text_can_be_chosen(made: tuple[Comparison, Path]) -> None:
    comparison, folder = made
    page = strategies_html(comparison, folder / "x.html", folder, text="a")
    assert "says: “One.”" in page
    with pytest.raises(ConfigError, match="text 'c': expected one of a, b"):
        strategies_html(comparison, folder / "x.html", folder, text="c")


def test_diagrams_are_drawings_with_a_description() -> None:
    pictures = [explanation.picture() for explanation in EXPLANATIONS.values()]
    for picture in pictures:
        drawing = xml.etree.ElementTree.fromstring(picture)
        assert drawing.get("aria-label")
        _, _, width, height = map(float, str(drawing.get("viewBox")).split())
        for box in drawing.iter("rect"):
            assert float(box.get("x")) + float(box.get("width")) <= width
            assert float(box.get("y")) + float(box.get("height")) <= height
    heads = re.findall(r'marker id="([^"]+)"', "".join(pictures))
    assert len(heads) == len(set(heads))


def test_autoregressive_frames_hang_on_the_one_before() -> None:
    drawing = xml.etree.ElementTree.fromstring(diagrams.one_after_another())
    lines = [line for line in drawing.iter("line") if line.get("class") == "a"]
    level = [line for line in lines if line.get("y1") == line.get("y2")]
    assert len(level) == 7
    parallel = xml.etree.ElementTree.fromstring(diagrams.all_at_once())
    assert all(line.get("y1") != line.get("y2") for line in parallel.iter("line"))


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_in_a_browser(browser: Any, page_file: Path, size: tuple[int, int]) -> None:
    width, height = size
    tab = browser.new_page(viewport={"width": width, "height": height})
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda request: problems.append(request.url) if _outside(request) else None)
    tab.goto(page_file.as_uri())
    # Nothing is wider than the window, but tables, which scroll within themselves.
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    slider = tab.locator(".slider input").first
    slider.scroll_into_view_if_needed()
    assert tab.locator(".slider").first.locator(".state").count() == 3
    shown = "[...document.querySelectorAll('.slider')[0].querySelectorAll('.state')]"
    shown += ".filter(state => !state.hidden).map(state => state.dataset.steps)"
    assert tab.evaluate(shown) == ["1"]
    slider.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate(shown) == ["4"]
    assert slider.get_attribute("aria-valuetext") == "4 steps"
    # The sound of the state that is shown can be played, and the picture is there.
    quiet = "one => { one.loop = one.muted = true; }"
    tab.evaluate(f"document.querySelectorAll('audio').forEach({quiet})")
    state = tab.locator(".slider").first.locator(".state:not([hidden])")
    assert state.locator("audio").evaluate(
        "async one => { await one.play(); return one.duration > 0.4; }"
    )
    assert state.locator("img").evaluate("one => one.complete && one.naturalWidth > 0")
    # Moving on while it plays, the sound of the other state is heard instead.
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(shown) == ["2"]
    playing = state.locator("audio").element_handle()
    tab.wait_for_function("one => !one.paused && one.currentTime > 0", arg=playing)
    tab.close()
    assert problems == []


def _outside(request: Any) -> bool:
    return not request.url.startswith(("file:", "data:"))
