"""The page of a comparison: what it shows of models that take steps."""

from __future__ import annotations

import re
import xml.etree.ElementTree
from pathlib import Path

from tests.evaluation.pages.conftest import MAIN, STEPS
from tests.evaluation.read_page import read_page
from tts_pipeline.comparison import Comparison
from tts_pipeline.evaluation.compare.tables import report_markdown
from tts_pipeline.evaluation.pages.comparison_page import report_html


def test_steps_have_tables_and_plots_of_their_own(made: tuple[Comparison, Path]) -> None:
    comparison, folder = made
    path = folder / "report.html"
    path.write_text(report_html(comparison, path, folder), encoding="utf-8")
    read_page(path)
    text = path.read_text(encoding="utf-8")
    tables = re.findall(r"<table>.*?</table>", text, re.DOTALL)
    assert len(tables) == 2 + len(STEPS)
    assert "flow-steps-1" not in tables[0] and "flow-steps-1" not in tables[1]
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) == 1 + len(STEPS)
    names = [
        "".join(label.itertext())
        for label in xml.etree.ElementTree.fromstring(plots[1]).iter()
        if label.tag.endswith("text")
    ]
    assert set(map(str, STEPS["flow"])) <= set(names)
    # Sounds of single points are on the page of strategies.
    assert "flow, 1 step" not in text and len(re.findall("<audio", text)) == 2 * (len(MAIN) + 1) - 1


def test_so_many_texts_are_heard_as_asked_for(made: tuple[Comparison, Path]) -> None:
    comparison, folder = made
    text = report_html(comparison, folder / "x.html", folder, public=True, n_heard=1)
    # The recordings are left out, and one strategy has no sound of the first text.
    assert len(re.findall("<audio", text)) == len(MAIN) - 1
    assert 'id="t-a"' in text and 'id="t-b"' not in text


def test_markdown_has_a_table_a_curve(made: tuple[Comparison, Path]) -> None:
    text = report_markdown(made[0])
    assert "## flow by steps" in text and "## masked by steps" in text
    part = text[text.index("## flow by steps") :].split("## ")[1]
    rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")]
    assert rows[2:] == ["1", "2", "4"]
    assert "flow-steps" not in text
