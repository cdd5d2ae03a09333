"""From scored answers to tables: conditions, pairs, agreement, sample sizes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tts_pipeline.listening.analysis import statistics
from tts_pipeline.listening.analysis.agreement import (
    intraclass_correlation,
    kendall_w,
    krippendorff_alpha,
)
from tts_pipeline.listening.analysis.results import Choice, Participant, Results
from tts_pipeline.listening.analysis.screening import reasons_against
from tts_pipeline.listening.design.sources import all_pairs
from tts_pipeline.listening.trials import Key

ALPHA, POWER = 0.05, 0.8
# How narrow a mean should be known, in units of the scale.
HALF_WIDTH = {"mos": 0.2, "mushra": 5.0, "intelligibility": 0.05}

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Analysis:
    """Everything that a report says.

    Attributes:
        counted: the listeners who count.
        excluded: name and reasons of the others.
        conditions: one row per condition: means and intervals (MOS, MUSHRA, intelligibility).
        pairs: one row per two conditions: tests and effect sizes, or shares of choices.
        agreement: coefficients by name; NaN where one cannot be had.
        more_listeners: sentences on how many more would be needed.
    """

    counted: tuple[Participant, ...]
    excluded: tuple[tuple[str, tuple[str, ...]], ...]
    conditions: tuple[Row, ...]
    pairs: tuple[Row, ...]
    agreement: dict[str, float]
    more_listeners: tuple[str, ...]


def analyse(
    key: Key, results: Results, *, include_unfinished: bool = False, screening: bool = True
) -> Analysis:
    """Screen listeners and compute every table.

    The listener is the unit of all tests on scores: a listener's judgements of a condition are
    averaged first, since they are not independent of each other.

    Args:
        key: of the test.
        results: scored answers.
        include_unfinished: whether listeners who stopped early count.
        screening: whether failed checks exclude.
    """
    counted, excluded = [], []
    for participant in results.participants:
        reasons = reasons_against(
            participant, key, screening=screening, unfinished=include_unfinished
        )
        if reasons:
            excluded.append((participant.name, tuple(reasons)))
        else:
            counted.append(participant)
    if not counted:
        return Analysis((), tuple(excluded), (), (), {}, ())
    if key.design in ("ab", "abx"):
        choices = [choice for participant in counted for choice in participant.choices]
        pairs = choice_rows(choices, identification=key.design == "abx")
        agreement = {"Krippendorff's alpha (nominal)": _choice_agreement(counted)}
        more = _more_choices(pairs, len(counted), identification=key.design == "abx")
        return Analysis(tuple(counted), tuple(excluded), (), pairs, agreement, more)
    names = [item.name for item in key.conditions]
    means = listener_means(counted, names)
    conditions = condition_rows(counted, names, means)
    pairs = score_rows(key, names, means)
    more = _more_listeners(key, conditions, pairs)
    return Analysis(
        tuple(counted), tuple(excluded), conditions, pairs, _agreement(counted, means), more
    )


def listener_means(participants: Sequence[Participant], names: Sequence[str]) -> np.ndarray:
    """``(listeners, conditions)``: mean of a listener's judgements; NaN for none."""
    means = np.full((len(participants), len(names)), np.nan)
    for row, participant in enumerate(participants):
        for column, name in enumerate(names):
            values = [j.value for j in participant.judgements if j.condition == name]
            if values:
                means[row, column] = np.mean(values)
    return means


def condition_rows(
    participants: Sequence[Participant], names: Sequence[str], means: np.ndarray
) -> tuple[Row, ...]:
    """Mean and interval of every condition, over listeners and over single judgements."""
    rows: list[Row] = []
    for column, name in enumerate(names):
        values = [j.value for p in participants for j in p.judgements if j.condition == name]
        if not values:
            continue
        own = means[:, column]
        over_listeners = statistics.mean_interval(own[~np.isnan(own)])
        over_all = statistics.mean_interval(values)
        rows.append(
            {
                "condition": name,
                "mean": over_listeners.mean,
                "low": over_listeners.low,
                "high": over_listeners.high,
                "sd": over_listeners.sd,
                "listeners": over_listeners.n,
                "mean_of_judgements": over_all.mean,
                "low_of_judgements": over_all.low,
                "high_of_judgements": over_all.high,
                "quartile_1": float(np.percentile(values, 25)),
                "median": float(np.median(values)),
                "quartile_3": float(np.percentile(values, 75)),
                "judgements": over_all.n,
            }
        )
    return tuple(rows)


def score_rows(key: Key, names: Sequence[str], means: np.ndarray) -> tuple[Row, ...]:
    """Paired tests of every two conditions; anchors are left out, as they are no candidates."""
    tested = [i for i, item in enumerate(key.conditions) if item.role != "anchor"]
    pairs = [(a, b) for i, a in enumerate(tested) for b in tested[i + 1 :]]
    tests = statistics.paired_tests(means, pairs)
    return tuple(
        {"first": names[a], "second": names[b], **test._asdict()}
        for (a, b), test in zip(pairs, tests)
        if test is not None
    )


def choice_rows(choices: Sequence[Choice], *, identification: bool) -> tuple[Row, ...]:
    """Exact binomial tests of every pair, Holm-corrected; and, for AB, a test over listeners."""
    found = {frozenset((choice.first, choice.second)) for choice in choices}
    names = sorted({name for pair in found for name in pair})
    rows: list[Row] = []
    for first, second in all_pairs(names):
        own = [c for c in choices if {c.first, c.second} == {first, second}]
        if not own:
            continue
        decided = [c for c in own if c.chosen is not None]
        if identification:
            k = sum(bool(c.correct) for c in decided)
        else:
            k = sum(c.chosen == first for c in decided)
        result = statistics.proportion(
            k, len(decided), alternative="greater" if identification else "two-sided"
        )
        row = {
            "first": first,
            "second": second,
            "share": result.share,
            "low": result.low,
            "high": result.high,
            "p": result.p,
            "k": k,
            "n": result.n,
            "no_preference": len(own) - len(decided),
            "listeners": len({c.listener for c in own}),
        }
        if not identification:
            row["p_over_listeners"] = _listener_preference_p(own, first)
            row["chosen_when_first"] = sum(c.chosen == c.first for c in decided)
        rows.append(row)
    for row, p in zip(rows, statistics.holm([row["p"] for row in rows])):
        row["p_holm"] = p
    return tuple(rows)


def _listener_preference_p(choices: Sequence[Choice], name: str) -> float:
    """Wilcoxon over listeners: each one's share of votes for minus against the condition."""
    votes: dict[str, list[int]] = {}
    for choice in choices:
        vote = 0 if choice.chosen is None else (1 if choice.chosen == name else -1)
        votes.setdefault(choice.listener, []).append(vote)
    return statistics.signed_rank_p(np.array([np.mean(own) for own in votes.values()]))


def _choice_agreement(participants: Sequence[Participant]) -> float:
    units = sorted(
        {(c.text, *sorted((c.first, c.second))) for p in participants for c in p.choices}
    )
    ratings = np.full((len(participants), len(units)), np.nan)
    for row, participant in enumerate(participants):
        for choice in participant.choices:
            pair = sorted((choice.first, choice.second))
            value = 2 if choice.chosen is None else pair.index(choice.chosen)
            ratings[row, units.index((choice.text, *pair))] = value
    return krippendorff_alpha(ratings, level="nominal")


def _agreement(participants: Sequence[Participant], means: np.ndarray) -> dict[str, float]:
    units = sorted({(j.text, j.condition) for p in participants for j in p.judgements})
    place = {unit: i for i, unit in enumerate(units)}
    ratings = np.full((len(participants), len(units)), np.nan)
    for row, participant in enumerate(participants):
        for judgement in participant.judgements:
            ratings[row, place[judgement.text, judgement.condition]] = judgement.value
    found = {"Krippendorff's alpha (interval, over sounds)": krippendorff_alpha(ratings)}
    # What everybody heard: all sounds in a full design, all conditions in a Latin square.
    complete, of = (ratings, "sounds") if not np.isnan(ratings).any() else (means, "conditions")
    complete = complete[:, ~np.isnan(complete).any(axis=0)]
    single, average = intraclass_correlation(complete.T)
    found[f"ICC(2,1), one listener, over {of}"] = single
    found[f"ICC(2,k), mean of the {len(participants)} listeners, over {of}"] = average
    known = means[:, ~np.isnan(means).any(axis=0)]
    found["Kendall's W over conditions"] = kendall_w(known)
    return found


def _needed(text: str, needed: int | None, now: int) -> str:
    if needed is None:
        return f"{text}: no number of listeners would do"
    if needed <= now:
        return f"{text}: {needed} listeners, reached"
    return f"{text}: {needed} listeners, {needed - now} more"


def _more_listeners(key: Key, conditions: Sequence[Row], pairs: Sequence[Row]) -> tuple[str, ...]:
    alpha = ALPHA / max(1, len(pairs))
    lines = []
    for row in pairs:
        needed = statistics.wilcoxon_listeners(row["dz"], alpha=alpha, power=POWER)
        text = (
            f"to find a difference like that between {row['first']} and {row['second']} "
            f"({row['difference']:+.3g}, dz {row['dz']:.2f}) with {POWER:.0%} power"
        )
        lines.append(_needed(text, needed, row["n"]))
    width = HALF_WIDTH[key.design]
    widest = max(
        (row for row in conditions if math.isfinite(row["sd"])),
        key=lambda row: row["sd"],
        default=None,
    )
    if widest is not None:
        needed = statistics.listeners_for_half_width(widest["sd"], width)
        text = f"to know every mean to within {width:g} (widest: {widest['condition']})"
        lines.append(_needed(text, needed, widest["listeners"]))
    return tuple(lines)


def _more_choices(
    pairs: Sequence[Row], n_listeners: int, *, identification: bool
) -> tuple[str, ...]:
    alpha = ALPHA / max(1, len(pairs))
    alternative = "greater" if identification else "two-sided"
    lines = []
    for row in pairs:
        text = (
            f"to find a share like {row['k']} of {row['n']} ({row['first']} and {row['second']}) "
            f"with {POWER:.0%} power"
        )
        share = row["share"]
        needed = (
            None
            if math.isnan(share)
            else statistics.choices_for_power(
                share, alternative=alternative, alpha=alpha, power=POWER
            )
        )
        if needed is not None:
            # Listeners bring as many decided choices of a pair as they did so far.
            needed = math.ceil(needed * n_listeners / row["n"])
        lines.append(_needed(text, needed, n_listeners))
    return tuple(lines)
