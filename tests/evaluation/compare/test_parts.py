"""Parts of the comparison: how much is made, the plot, the words, the spectrogram."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.comparison import (
    ComparedSound,
    ComparedText,
    Comparison,
    Cost,
    Latency,
    Machine,
    Score,
    Speed,
    StrategyResult,
    VoiceMark,
    read_comparison,
)
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.findings import findings, number
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategies import Speech
from tts_pipeline.evaluation.compare.tables import notes
from tts_pipeline.evaluation.compare.task import SoundRecord, Task
from tts_pipeline.evaluation.metrics.registry import Scores
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.pages.html import Cell, spectrogram_png, table
from tts_pipeline.evaluation.pages.scatter import Point, quality_against_speed


def task_with(tmp_path: Path, seconds: list[float], *, limit: int | None = None) -> Task:
    """A task for ten texts; the first ones are there and took so many seconds each."""
    audio = AudioConfig()
    materials = tuple((Material(f"t{k}", f"Text {k}.", audio), k) for k in range(10))
    strategy = Speech("slow", "slow one", "autoregressive", "parallel")
    task = Task(strategy, tmp_path, "mark", materials, tmp_path, limit, 100.0)
    for (material, seed), spent in zip(materials, seconds):
        for path in (task.record_file(material.name), task.sound_file(material.name)):
            path.parent.mkdir(parents=True, exist_ok=True)
        task.sound_file(material.name).write_bytes(b"sound")
        record = SoundRecord(task.key(material, seed), "sound", 1.0, seed, wall_s=spent)
        task.record_file(material.name).write_text(json.dumps(dataclasses.asdict(record)))
    return task


@pytest.mark.parametrize(
    "seconds, n, complete",
    [
        ([], 0, False),
        ([20.0] * 4, 4, False),
        ([20.0] * 5, 5, True),  # A sixth would end at 120 s.
        ([200.0] * 2, 2, False),  # Three at least, however slow.
        ([200.0] * 3, 3, True),
        ([1.0] * 10, 10, True),
    ],
)
def test_as_many_texts_as_the_time_allows(tmp_path, seconds, n, complete):
    records, found = task_with(tmp_path, seconds).chosen()
    assert (len(records), found) == (n, complete)


def test_a_limit_is_kept_whatever_the_time(tmp_path):
    assert task_with(tmp_path, [200.0] * 4, limit=5).chosen()[1] is False
    assert task_with(tmp_path, [200.0] * 5, limit=5).chosen()[1] is True


def test_what_was_made_of_something_else_is_made_again(tmp_path):
    task = task_with(tmp_path, [1.0] * 3)
    path = task.record_file("t1")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "key": "of another voice"}))
    assert len(task.chosen()[0]) == 1
    path.write_text('{"key": ')
    assert len(task.chosen()[0]) == 1
    path.write_text(json.dumps(record))
    task.sound_file("t1").unlink()
    assert len(task.chosen()[0]) == 1


def test_plot_has_a_log_axis_and_readable_labels():
    points = [
        Point(f"strategy-{k}", x, 0.9 * x, 1.1 * x, y, y - 0.1, y + 0.1)
        for k, (x, y) in enumerate([(0.5, 2.0), (5, 2.0), (50, 3.0), (52, 3.01), (48, 3.0)])
    ]
    svg = quality_against_speed(points, "DNSMOS & more", 3.1)
    circle = float(re.search(r'<circle cx="([\d.]+)"', svg)[1])
    ticks = dict(
        reversed(found)
        for found in re.findall(r'<text x="([\d.]+)" y="346" [^>]*>([\d.]+)</text>', svg)
    )
    decade = float(ticks["1"]) - float(ticks["0.1"])
    assert float(ticks["10"]) - float(ticks["1"]) == pytest.approx(decade, abs=0.2)
    assert circle == pytest.approx(float(ticks["0.5"]), abs=0.2)
    assert "DNSMOS &amp; more" in svg and "recordings" in svg
    labels = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" [^>]*>strategy-\d</text>', svg)
    places = [(float(x), float(y)) for x, y in labels]
    assert len(places) == 5
    for k, (x, y) in enumerate(places):
        assert 58 <= x <= 520 - 16
        for other_x, other_y in places[:k]:
            assert abs(y - other_y) >= 16 or abs(x - other_x) >= 70


def row(name: str, xrt: float | None, **changes: Any) -> StrategyResult:
    cost = None
    if xrt is not None:
        first = Latency(1000 / xrt, 1000 / xrt)
        cost = Cost(Speed(xrt, xrt, xrt), first, 50.0, 1000)
    plain = StrategyResult(
        name=name,
        label=name,
        reference=xrt is None,
        needs_recording=xrt is None,
        n_texts=4,
        n_possible=4,
        limited_by=None,
        budget_s=240.0,
        failed=None,
        cost=cost,
        metrics={},
        unavailable={},
    )
    return dataclasses.replace(plain, **changes)


def comparison(rows: list[StrategyResult], load: float = 1.0) -> Comparison:
    return Comparison(
        version="0",
        made="now",
        machine=Machine("none", 2, load, {"python": "3"}),
        packages={},
        recogniser="none",
        voice=VoiceMark("v", "0"),
        seed=0,
        n_seeds=1,
        sample_rate=16000,
        texts=(),
        strategies=tuple(rows),
        sounds=(),
    )


def opinion(value: float) -> dict[str, Score]:
    return {"dnsmos_ovrl": Score(value, value - 0.1, value + 0.1, 4)}


def scores(system: str, values: list[float]) -> list[Scored]:
    return [
        Scored(f"t{k}", system, Scores({"dnsmos_ovrl": (value, 1.0)}, {}))
        for k, value in enumerate(values)
    ]


def test_what_costs_the_same_is_not_called_one_time_as_long():
    rows = [row("quick", 50.0), row("even", 49.0), row("level", 48.0), row("slow", 25.0)]
    said = " ".join(findings(comparison(rows, 0.1), []))
    assert "A second of speech takes slow 2 times as long as quick. " in said
    assert "even and level take about as long as quick." in said
    assert "1 times" not in said


def test_words_say_what_the_figures_say():
    rows = [
        row("natural", None, metrics=opinion(3.2)),
        row("quick", 50.0, metrics=opinion(3.0)),
        row("slow", 0.5, metrics=opinion(2.5), n_texts=3, limited_by="time"),
        row("like", 40.0, metrics=opinion(2.99)),
    ]
    scored = [
        *scores("quick", [3.0, 3.1, 2.9, 3.0]),
        *scores("slow", [2.5, 2.6, 2.4]),
        *scores("like", [3.1, 2.9, 3.1, 2.86]),
    ]
    said = " ".join(findings(comparison(rows, 5.5), scored))
    assert "quick speaks at 50 x real time and is first heard after 20 ms" in said
    assert "like 1.2 times and slow 100 times as long as quick" in said
    assert "slow cannot keep up with real time" in said
    assert "quick is ahead of slow (difference +0.50 [+0.50, +0.50] over 3 texts)" in said
    assert "4 texts do not tell quick from like" in said
    assert "the recordings 3.20" in said
    assert "busy with other things (load 5.5 on 2 cores)" in said
    assert "busy" not in " ".join(findings(comparison(rows), scored))
    assert "slow made 3 of 4 texts only, since more would have taken longer than the 240 s" in said


def test_one_text_decides_nothing():
    rows = [row("quick", 50.0, metrics=opinion(3.0)), row("slow", 0.5, metrics=opinion(2.5))]
    said = " ".join(findings(comparison(rows), [*scores("quick", [3.0]), *scores("slow", [2.5])]))
    assert "one text does not tell quick from slow (+0.50)" in said


def test_words_say_from_how_many_steps_on_more_bring_nothing():
    values = {1: [2.0, 2.1, 1.9, 2.0], 2: [2.9, 3.0, 2.8, 2.9], 4: [3.0, 2.9, 2.9, 2.9]}
    rows = [
        row(f"flow-{n}", 100 / n, metrics=opinion(np.mean(own)), curve="flow", steps=n)
        for n, own in values.items()
    ]
    scored = [item for n, own in values.items() for item in scores(f"flow-{n}", own)]
    (said,) = [line for line in findings(comparison(rows), scored) if "by steps" in line]
    assert "flow by steps (DNSMOS OVRL): 1 2.00 at 100 x real time, 2 2.90 at 50" in said
    assert "From 2 steps on these texts do not tell it from its best." in said


def test_words_tell_how_often_codes_do_not_belong_together():
    def share(name: str, value: float) -> dict[str, Score]:
        return {name: Score(value, value, value, 4)}

    rows = [
        row("natural", None, metrics=share("unseen_pairs", 0.02)),
        row("coded", 9.0, metrics=share("written_unseen_pairs", 0.031)),
        row("masked-steps-1", 9.0, metrics=share("written_unseen_pairs", 0.12), curve="masked"),
    ]
    said = " ".join(findings(comparison(rows), []))
    assert "coded 3.1 %, masked-steps-1 12.0 %; recordings that were held out 2.0 %." in said


def test_words_count_the_texts_with_a_problem():
    made = comparison([row("canvas", 50.0)])
    sounds = [
        ComparedSound("a", "canvas", "a.wav", 1.0, 0, 0.1, 9.0, (), {}, None, ("it never ended",)),
        ComparedSound("b", "canvas", "b.wav", 1.0, 0, 0.1, 9.0, (), {}, None),
    ]
    made = dataclasses.replace(made, sounds=tuple(sounds))
    said = " ".join(findings(made, []))
    assert "canvas reports a problem in 1 of 2 texts: it never ended." in said
    assert "canvas, a: it never ended" in notes(made)


def test_words_set_diversity_beside_that_of_takes():
    def spread(value: float) -> dict[str, Score]:
        return {"f0_diversity": Score(value, value, value, 4)}

    rows = [row("natural", None, metrics=spread(200.0)), row("ar", 9.0, metrics=spread(50.0))]
    said = " ".join(findings(comparison(rows), []))
    assert "ar 50; between a person's takes 200, of which that is 0.25." in said


def test_a_comparison_is_read_as_it_was_written(tmp_path):
    made = comparison([row("natural", None), row("quick", 50.0, metrics=opinion(3.0))])
    sound = ComparedSound("a", "quick", "x.wav", 1.0, 3, 0.5, 20.0, ("x",), {"wer": None}, "hi")
    made = dataclasses.replace(made, texts=(ComparedText("a", "A.", 1),), sounds=(sound,))
    made.write(tmp_path)
    assert read_comparison(tmp_path) == made
    dataclasses.replace(made, texts=()).write(tmp_path)
    with pytest.raises(ConfigError, match=r"x\.wav is of unknown text or strategy"):
        read_comparison(tmp_path)


def test_numbers_have_the_digits_that_matter():
    assert [number(x) for x in (0.0123, 0.613, 9.16, 57.3, 1234.5)] == [
        *("0.012", "0.61", "9.2", "57", "1234"),
    ]


def test_spectrogram_is_a_picture_of_the_mel():
    from PIL import Image

    mel = np.full((80, 30), -11.0, np.float32)
    mel[0, 10] = 0.0
    picture = Image.open(io.BytesIO(spectrogram_png(mel)))
    assert picture.size == (30, 80)
    pixels = np.asarray(picture.convert("L")).astype(int)
    # The lowest band is the bottom row.
    assert np.unravel_index(pixels.argmax(), pixels.shape) == (79, 10)
    assert np.median(pixels) < 10 < 200 < pixels.max()


def test_table_cells_carry_what_they_are_sorted_by():
    text = table("A & B", [("name", ""), ("size", "in MB")], [[Cell("<a>"), Cell("12 M", 12e6)]])
    assert 'data-value="12000000.0">12 M</td>' in text and "&lt;a&gt;" in text
    assert "<caption>A &amp; B</caption>" in text and "<small>in MB</small>" in text


def test_processes_whose_memory_is_measured_do_not_load_pytorch():
    code = "import sys, tts_pipeline.evaluation.compare.worker; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
