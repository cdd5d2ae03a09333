"""Scores as tables, as JSON and as csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.statistics import Statistic, Summary, bootstrap

# By system, by metric.
Summaries = dict[str, dict[str, Summary]]


def systems_of(scored: Sequence[Scored]) -> list[str]:
    """Names of the systems in order of appearance."""
    return list(dict.fromkeys(item.system for item in scored))


def summarise(scored: Sequence[Scored]) -> Summaries:
    """Figure and 95 % interval of every metric of every system that has a score."""
    out: Summaries = {}
    for system in systems_of(scored):
        own = [item.scores.rows for item in scored if item.system == system]
        out[system] = {
            name: bootstrap(np.array(rows), metric.statistic)
            for name, metric in METRICS.items()
            if (rows := [row[name] for row in own if name in row])
        }
    return out


def paired(
    scored: Sequence[Scored], first: str, second: str, metric: str, statistic: Statistic
) -> Summary | None:
    """One system against another over the utterances that both have a score of, if any.

    Args:
        scored: all scores.
        first: name of a system.
        second: name of the one it is compared with.
        metric: its rows of both systems, side by side, are what ``statistic`` takes the sums of.
        statistic: such as :func:`~tts_pipeline.evaluation.statistics.difference`.
    """
    rows = {
        system: {
            item.name: item.scores.rows[metric]
            for item in scored
            if item.system == system and metric in item.scores.rows
        }
        for system in (first, second)
    }
    both = [
        (*row, *rows[second][name]) for name, row in rows[first].items() if name in rows[second]
    ]
    return bootstrap(np.array(both), statistic) if both else None


def missing(scored: Sequence[Scored]) -> dict[str, dict[str, str]]:
    """By system and metric: for how many utterances there is no score, and the first reason."""
    out: dict[str, dict[str, str]] = {}
    for system in systems_of(scored):
        own = [item.scores.unavailable for item in scored if item.system == system]
        for name in METRICS:
            reasons = [reasons[name] for reasons in own if name in reasons]
            if reasons:
                text = f"{len(reasons)} of {len(own)} utterances: {reasons[0]}"
                out.setdefault(system, {})[name] = text
    return out


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up, so that a terminal can show it as well."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(3, *(len(row[k]) for row in cells)) for k in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def score_table(scored: Sequence[Scored]) -> str:
    """Metrics by systems with intervals, and below it what is not available and why."""
    summaries, gaps = summarise(scored), missing(scored)
    systems = systems_of(scored)
    rows = []
    for name, metric in METRICS.items():
        cells = [_cell(summaries, gaps, system, name) for system in systems]
        if any(cells):
            rows.append([metric.title, metric.best, *cells])
    text = markdown(["metric", "best", *systems], rows)
    notes = [
        f"- {system}, {METRICS[name].label}, not available for {reason}"
        for system, own in gaps.items()
        for name, reason in own.items()
    ]
    return "\n".join([text, "", *notes]) if notes else text


def _cell(summaries: Summaries, gaps: dict[str, dict[str, str]], system: str, name: str) -> str:
    if name not in summaries[system]:
        return "not available" if name in gaps.get(system, {}) else ""
    found, digits = summaries[system][name], METRICS[name].digits
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"


def as_json(scored: Sequence[Scored]) -> dict[str, Any]:
    """Everything in the tables and every utterance, ready for :mod:`json`."""
    gaps = missing(scored)
    return {
        "packages": package_versions(),
        "systems": {
            system: {
                "metrics": {name: found._asdict() for name, found in own.items()},
                "unavailable": gaps.get(system, {}),
            }
            for system, own in summarise(scored).items()
        },
        "utterances": [
            {
                "name": item.name,
                "system": item.system,
                "scores": {name: item.scores.value(name) for name in item.scores.rows},
                "transcript": item.scores.transcript,
                "unavailable": dict(item.scores.unavailable),
            }
            for item in scored
        ],
    }


def package_versions() -> dict[str, str | None]:
    """Versions of the packages that metrics come from, None for those not installed."""
    names = dict.fromkeys(metric.package for metric in METRICS.values() if metric.package)
    return {name: _version(name) for name in (*names, "librosa")}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def score_csv(scored: Sequence[Scored]) -> str:
    """One line per utterance and system: every metric, the transcript, what is missing and why."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["name", "system", *METRICS, "transcript", "unavailable"])
    for item in scored:
        values = (item.scores.value(name) for name in METRICS)
        reasons = "; ".join(f"{k}: {v}" for k, v in item.scores.unavailable.items())
        numbers = ["" if value is None else f"{value:.6g}" for value in values]
        table.writerow([item.name, item.system, *numbers, item.scores.transcript or "", reasons])
    return file.getvalue()
