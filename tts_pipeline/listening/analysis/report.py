"""Writes what a listening test found: Markdown, csv, JSON and a plot."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tts_pipeline import __version__
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.analysis.analysis import Analysis, Row, analyse
from tts_pipeline.listening.analysis.plots import draw
from tts_pipeline.listening.analysis.results import Choice, Judgement, Participant, Results
from tts_pipeline.listening.trials import Key

SCALES = {
    "mos": "mean opinion score, 1 bad to 5 excellent (ITU-T P.800)",
    "mushra": "0 to 100 (ITU-R BS.1534-3)",
    "intelligibility": "word error rate of what was typed",
    "ab": "share of decided choices for the first condition",
    "abx": "share of right identifications; guessing gives 0.5",
}
_COLUMNS = {
    "condition": "condition",
    "mean": "mean",
    "interval": "95 % interval",
    "listeners": "listeners",
    "mean_of_judgements": "mean of judgements",
    "interval_of_judgements": "95 % interval",
    "quartile_1": "1st quartile",
    "median": "median",
    "quartile_3": "3rd quartile",
    "judgements": "judgements",
}
_SCORE_COLUMNS = {
    "first": "first",
    "second": "second",
    "difference": "difference",
    "interval": "95 % interval",
    "p": "p",
    "p_holm": "p (Holm)",
    "rank_biserial": "rank-biserial",
    "dz": "dz",
    "n": "listeners",
}
_CHOICE_COLUMNS = {
    "first": "first",
    "second": "second",
    "share": "share",
    "interval": "95 % interval",
    "k": "k",
    "n": "n",
    "no_preference": "no preference",
    "p": "p",
    "p_holm": "p (Holm)",
    "p_over_listeners": "p over listeners",
}


def write_results(
    key: Key,
    results: Results,
    out: Path,
    *,
    include_unfinished: bool = False,
    screening: bool = True,
) -> str:
    """Analyse and write ``report.md``, ``results.json``, three csv files and ``plot.png``.

    Args:
        key: of the test.
        results: scored answers.
        out: folder, made when missing; its files are replaced.
        include_unfinished: see :func:`~tts_pipeline.listening.analysis.analysis.analyse`.
        screening: likewise.

    Returns:
        The report in Markdown.

    Raises:
        ConfigError: if the folder cannot be written to.
    """
    found = analyse(key, results, include_unfinished=include_unfinished, screening=screening)
    text = markdown(key, results, found, screening=screening)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.md").write_text(text, encoding="utf-8")
        (out / "results.json").write_text(_json(key, results, found), encoding="utf-8")
        _csv(out / "conditions.csv", found.conditions)
        _csv(out / "pairs.csv", found.pairs)
        _csv(out / "answers.csv", _answer_rows(results.participants, found.counted))
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written to ({error})") from error
    if found.counted:
        draw(key, found, out / "plot.png")
    return text


def markdown(key: Key, results: Results, found: Analysis, *, screening: bool = True) -> str:
    """The report."""
    n_all, n_excluded = len(results.participants), len(found.excluded)
    listeners = "1 listener" if n_all == 1 else f"{n_all} listeners"
    lines = [
        f"# {key.title}: results",
        "",
        f"Design: {key.design}; {SCALES[key.design]}. {listeners}, "
        f"{len(found.counted)} counted, {n_excluded} left out"
        f"{'' if screening else ' (screening switched off)'}.",
    ]
    if found.conditions:
        lines += ["", "## Conditions", "", *_table(found.conditions, _COLUMNS), ""]
        lines += [
            "The mean and its t interval are over listeners (each one's judgements averaged); "
            "the mean of judgements takes every judgement as independent, which it is not."
        ]
    if found.pairs:
        columns = _CHOICE_COLUMNS if key.design in ("ab", "abx") else _SCORE_COLUMNS
        lines += ["", "## Pairs", "", *_table(found.pairs, columns), "", _pairs_note(key.design)]
    if found.agreement:
        lines += ["", "## Agreement of listeners", ""]
        lines += [f"- {name}: {_figure(value)}" for name, value in found.agreement.items()]
    if found.more_listeners:
        lines += ["", "## How many more listeners", ""]
        lines += [f"- {line}" for line in found.more_listeners]
        lines += [
            "",
            "An observed difference is itself uncertain: with few listeners take these numbers "
            "as an order of magnitude.",
        ]
    if found.excluded:
        lines += ["", "## Left out", ""]
        lines += [f"- {name}: {'; '.join(reasons)}" for name, reasons in found.excluded]
    if results.faults:
        lines += ["", "## Not readable", "", *(f"- {_plain(fault)}" for fault in results.faults)]
    comments = [p.comment for p in results.participants if p.comment.strip()]
    if comments:
        lines += ["", "## Comments", "", *(f"- {_plain(comment)}" for comment in comments)]
    if found.counted:
        lines += ["", "![Distribution of the answers](plot.png)"]
    return "\n".join(lines) + "\n"


def _pairs_note(design: str) -> str:
    if design == "abx":
        return "Exact binomial test, one-sided (better than guessing); Wilson interval."
    if design == "ab":
        return (
            "Exact binomial test of the decided choices and Wilson interval; p over listeners is "
            "Wilcoxon's test of each listener's balance, which does not take the choices of one "
            "listener as independent."
        )
    return (
        "Wilcoxon's signed-rank test over listeners, Holm's correction over the pairs; difference "
        "is first minus second with its t interval; anchors are not tested."
    )


def _table(rows: Iterable[Row], columns: Mapping[str, str]) -> list[str]:
    rows = list(rows)
    used = {
        name: label
        for name, label in columns.items()
        if name.startswith("interval") or any(name in row for row in rows)
    }
    lines = ["| " + " | ".join(used.values()) + " |", "|" + "---|" * len(used)]
    for row in rows:
        cells = []
        for name in used:
            if name.startswith("interval"):
                end = name.removeprefix("interval")
                cells.append(f"{_figure(row['low' + end])} to {_figure(row['high' + end])}")
            else:
                cells.append(_figure(row[name]))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _figure(value: Any) -> str:
    if not isinstance(value, float):
        return _plain(str(value))
    if math.isnan(value):
        return "–"
    if value != 0 and abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _plain(text: str) -> str:
    """Somebody else's words on one line, without power over Markdown or HTML."""
    text = " ".join(text.split())
    for mark in "\\`*_[]<>|#&":
        text = text.replace(mark, "\\" + mark)
    return text


def _answer_rows(participants: Sequence[Participant], counted: Sequence[Participant]) -> list[Row]:
    names = {participant.name for participant in counted}
    rows: list[Row] = []
    for participant in participants:
        own: list[Judgement | Choice] = [*participant.judgements, *participant.choices]
        counts = participant.name in names
        rows += [{**dataclasses.asdict(item), "counted": counts} for item in own]
    return rows


def _csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        if rows:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    # A spreadsheet would run what a stranger typed after one of these marks.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def _json(key: Key, results: Results, found: Analysis) -> str:
    content = {
        "format": 1,
        "version": __version__,
        "test": key.test,
        "design": key.design,
        "listeners": len(results.participants),
        "counted": [participant.name for participant in found.counted],
        "excluded": {name: list(reasons) for name, reasons in found.excluded},
        "conditions": found.conditions,
        "pairs": found.pairs,
        "agreement": found.agreement,
        "more_listeners": found.more_listeners,
        "faults": results.faults,
    }
    return json.dumps(_finite(content), indent=1, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    """JSON has no NaN or infinity: null stands for both."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
