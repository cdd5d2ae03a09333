"""From answers to report: scoring, screening, tables."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.listening.simulation import answer_to, small_test
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.analysis.analysis import analyse
from tts_pipeline.listening.analysis.results import read_results
from tts_pipeline.listening.analysis.screening import reasons_against
from tts_pipeline.listening.collect.answers import parse_answer
from tts_pipeline.listening.collect.store import AnswerStore
from tts_pipeline.listening.trials import ANSWERS_FILE, Key, Trial

Say = Callable[[int, Trial], dict[str, Any]]


def _take(folder: Path, key: Key, n_listeners: int, say: Say, *, leave_after: int = -1) -> None:
    """Store what ``say(listener, trial)`` answers; listener ``leave_after`` stops half-way."""
    store = AnswerStore(folder / ANSWERS_FILE, key)
    for number in range(n_listeners):
        listener, _ = store.add_listener()
        trials = key.sessions[listener.session]
        for trial in trials[: len(trials) // 2] if number == leave_after else trials:
            store.add(listener, parse_answer(answer_to(trial, **say(number, trial))))
    store.close()


def _mushra_scores(seed: int = 1) -> Say:
    random = np.random.default_rng(seed)
    levels = {"two-stage": 62, "wavenet": 70, "anchor-3500": 25}

    def say(_: int, trial: Trial) -> dict[str, Any]:
        if trial.kind != "mushra":
            return {}
        scores = {}
        for sound, name in zip(trial.stimuli, trial.conditions):
            noisy = round(levels.get(name, 0) + random.normal(0, 8))
            scores[sound] = 100 if name == "natural" else int(np.clip(noisy, 0, 100))
        return {"scores": scores}

    return say


def test_mushra_tables_against_scipy_on_the_same_numbers(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mushra")
    _take(folder, key, 9, _mushra_scores())
    results = read_results(key, [folder / ANSWERS_FILE])
    found = analyse(key, results)
    assert len(found.counted) == 9
    # The same from the raw JSON, by another way.
    raw: dict[str, list[list[int]]] = {}
    for listener in results.participants:
        for name in ("natural", "two-stage", "wavenet", "anchor-3500"):
            values = [int(j.value) for j in listener.judgements if j.condition == name]
            assert len(values) == 3
            raw.setdefault(name, []).append(values)
    means = {name: np.mean(values, axis=1) for name, values in raw.items()}
    for row in found.conditions:
        own = means[row["condition"]]
        assert row["mean"] == pytest.approx(own.mean())
        if row["condition"] != "natural":
            interval = stats.ttest_1samp(own, 0).confidence_interval(0.95)
            assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
        assert row["judgements"] == 27
    assert [(r["first"], r["second"]) for r in found.pairs] == [
        ("natural", "two-stage"), ("natural", "wavenet"), ("two-stage", "wavenet"),
    ]  # fmt: skip
    for row in found.pairs:
        reference = stats.wilcoxon(means[row["first"]], means[row["second"]])
        assert row["p"] == pytest.approx(reference.pvalue)
        assert row["p"] <= row["p_holm"] <= 3 * row["p"]
    assert 0.8 < found.agreement["Krippendorff's alpha (interval, over sounds)"] <= 1
    assert any("two-stage and wavenet" in line for line in found.more_listeners)


def test_bs1534_screening(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mushra")
    good = _mushra_scores()

    def say(number: int, trial: Trial) -> dict[str, Any]:
        answer = good(number, trial)
        # Listener 2 misses the hidden reference once in three trials, listener 3 rates it 90.
        if number in (2, 3) and trial.kind == "mushra":
            hidden = trial.stimuli[trial.conditions.index("natural")]
            if number == 3 or trial.text == "t01":
                answer["scores"][hidden] = 90 if number == 3 else 89
        return answer

    _take(folder, key, 6, say, leave_after=4)
    results = read_results(key, [folder / ANSWERS_FILE])
    found = analyse(key, results)
    reasons = sorted(reasons for _, (reasons, *_) in found.excluded)
    assert reasons == ["did not finish", "hidden reference below 90 in 1 of 3 trials"]
    assert len(found.counted) == 4
    assert len(analyse(key, results, screening=False).counted) == 5
    assert len(analyse(key, results, include_unfinished=True).counted) == 5


def test_mid_anchor_and_headphones_and_checks(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mos", headphones="require", checks=2)

    def say(number: int, trial: Trial) -> dict[str, Any]:
        if trial.kind == "tones":
            wrong = number == 1 and trial.expected in "12"
            return {"choice": str(int(str(trial.expected)) % 3 + 1) if wrong else trial.expected}
        if trial.check:
            right = int(str(trial.expected))
            return {"score": right if number != 2 else right % 5 + 1}
        return {}

    _take(folder, key, 4, say)
    results = read_results(key, [folder / ANSWERS_FILE])
    excluded = [reason for _, (reason, *_) in analyse(key, results).excluded]
    assert sorted(excluded) == [
        "attention checks: 0 of 2 right",
        "headphone check: 2 of 6 right, needs 5",
    ]
    participant = results.participants[0]
    mid = dataclasses.replace(key, design="mushra", mid_anchor="wavenet", headphones="off")
    for value, reasons in ((91.0, ["mid-range anchor above 90 in 3 of 3 trials"]), (90.0, [])):
        judgements = [
            dataclasses.replace(j, condition="wavenet", value=value) for j in participant.judgements
        ]
        rated = dataclasses.replace(participant, judgements=tuple(judgements))
        assert reasons_against(rated, mid) == reasons


def test_ab_counts_choices_whatever_the_order(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="ab")
    rank = {"natural": 0, "wavenet": 1, "two-stage": 2}

    def say(number: int, trial: Trial) -> dict[str, Any]:
        if trial.kind != "ab":
            return {}
        if set(trial.conditions) == {"wavenet", "two-stage"} and number % 3 == 0:
            return {"choice": "none"}
        return {"choice": "ab"[int(np.argmin([rank[name] for name in trial.conditions]))]}

    _take(folder, key, 12, say)
    rows = analyse(key, read_results(key, [folder / ANSWERS_FILE])).pairs
    assert [(r["first"], r["second"], r["k"], r["n"], r["no_preference"]) for r in rows] == [
        ("natural", "two-stage", 12, 12, 0),
        ("natural", "wavenet", 12, 12, 0),
        ("two-stage", "wavenet", 0, 8, 4),
    ]
    assert rows[0]["p"] == pytest.approx(stats.binomtest(12, 12).pvalue)
    wilson = stats.binomtest(0, 8).proportion_ci(method="wilson")
    assert (rows[2]["low"], rows[2]["high"]) == pytest.approx((wilson.low, wilson.high))


def test_abx_against_guessing(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    pairs = (("natural", "wavenet"),)
    key = small_test(comparison, folder, design="abx", pairs=pairs)

    def say(number: int, trial: Trial) -> dict[str, Any]:
        right = number != 0
        return {"choice": trial.expected if right else "ab".replace(str(trial.expected), "")}

    _take(folder, key, 5, lambda n, t: say(n, t) if t.kind == "abx" else {})
    (row,) = analyse(key, read_results(key, [folder / ANSWERS_FILE])).pairs
    assert (row["k"], row["n"]) == (12, 15)
    assert row["p"] == pytest.approx(stats.binomtest(12, 15, alternative="greater").pvalue)


def test_files_of_listeners_are_not_trusted(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mos", text_ids=("t01",))
    answers = [answer_to(trial) for trial in key.sessions[2]]
    good = {"format": 1, "test": key.test, "listener": "a" * 32, "session": 2, "answers": answers}
    sent = tmp_path / "sent"
    sent.mkdir()
    files = {
        "good": good,
        "same-again": good,
        "half": {**good, "listener": "b" * 32, "answers": [*answers[:1], {"kind": "mos"}, 7]},
        "twice": {**good, "listener": "c" * 32, "answers": [*answers, answers[0]]},
        "other-test": {**good, "test": "0" * 16},
        "no-session": {**good, "session": 99},
        "name": {**good, "listener": "<script>"},
        "list": [1, 2],
        "foreign": {**good, "listener": "d" * 32, "session": 3},
    }
    for name, content in files.items():
        (sent / f"{name}.json").write_text(json.dumps(content))
    (sent / "rubbish.json").write_bytes(b"\xff\x00")
    results = read_results(key, [sent])
    finished = {p.name[0]: p.finished for p in results.participants}
    assert finished == {"a": True, "b": False, "c": True, "d": False}
    text = "\n".join(results.faults)
    for part in (
        "other-test.json", "no-session.json", "name.json", "list.json", "rubbish.json",
        "is not of schedule 3", "was answered before", "malformed answer",
    ):  # fmt: skip
        assert part in text
    assert "same-again" not in text
    with pytest.raises(ConfigError, match=r"nowhere\.json: no such file"):
        read_results(key, [tmp_path / "nowhere.json"])
    (sent / "good.json").unlink()
    with pytest.raises(ConfigError, match="no answers yet"):
        read_results(key, [sent / "rubbish.json"])


def test_command_writes_every_table_and_disarms_what_was_typed(
    comparison: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="intelligibility", title="Words")

    def say(number: int, trial: Trial) -> dict[str, Any]:
        if trial.kind == "comment":
            return {"text": "<script>alert(1)</script> | **bold**\n# heading" if number else ""}
        return {"text": '=HYPERLINK("x")' if number == 1 else key.texts[trial.text]}

    _take(folder, key, 4, say)
    assert main(["listen", "analyse", str(folder)]) == 0
    out = capsys.readouterr().out
    results = folder / "results"
    assert (results / "report.md").read_text() == out.rstrip("\n") + "\n"
    assert "# Words: results" in out
    assert "<script>" not in out
    assert r"\<script\>alert(1)\</script\> \| \*\*bold\*\* \# heading" in out
    names = {path.name for path in results.iterdir()}
    assert names == {
        "report.md", "results.json", "conditions.csv", "pairs.csv", "answers.csv", "plot.png",
    }  # fmt: skip
    assert (results / "plot.png").read_bytes().startswith(b"\x89PNG")
    with (results / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert {row["typed"] for row in rows if float(row["value"]) == 1} == {'\'=HYPERLINK("x")'}
    content = json.loads((results / "results.json").read_text())
    assert content["design"] == "intelligibility"
    assert [row["condition"] for row in content["conditions"]] == [
        "natural", "two-stage", "wavenet",
    ]  # fmt: skip
    with (results / "conditions.csv").open(newline="") as file:
        means = {row["condition"]: float(row["mean"]) for row in csv.DictReader(file)}
    assert means == {row["condition"]: row["mean"] for row in content["conditions"]}


def test_nobody_left_after_screening_is_said(
    comparison: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mos", headphones="require")
    _take(folder, key, 1, lambda _, trial: {"choice": "1"} if trial.kind == "tones" else {})
    assert main(["listen", "analyse", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "1 listener, 0 counted, 1 left out" in out
    assert "headphone check: 2 of 6 right" in out
    assert main(["listen", "analyse", str(tmp_path)]) == 1
    assert "key.json: cannot be read" in capsys.readouterr().err
