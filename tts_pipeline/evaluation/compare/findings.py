"""What the figures of a comparison say, in words."""

from __future__ import annotations

from collections.abc import Sequence

from tts_pipeline.comparison import Comparison, StrategyResult
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.statistics import difference
from tts_pipeline.evaluation.tables import paired

_OPINIONS, _WORDS, _COPY = ("distillmos", "dnsmos_ovrl"), "wer", "pesq"
_DIVERSITY, _BLUR = "f0_diversity", "band_variance"
_PAIRS, _WRITTEN_PAIRS = "unseen_pairs", "written_unseen_pairs"


def findings(comparison: Comparison, scored: Sequence[Scored]) -> list[str]:
    """What each strategy costs and sounds like, a sentence or two an entry, generated."""
    rows = [row for row in comparison.main if row.n_texts]
    natural = next((row for row in rows if row.reference), None)
    timed = [row for row in rows if row.cost]
    speech = [row for row in timed if not row.needs_recording]
    copies = [row for row in timed if row.needs_recording]
    out = [
        *_cost(speech),
        *(line for metric in _OPINIONS for line in _opinion(speech, natural, metric, scored)),
        *_words(speech, natural),
        *_blur(speech),
        *_diversity(speech, natural),
        *_pairs(comparison, natural),
        *_problems(comparison),
        *_curves(comparison, scored),
        *_copies(copies, scored),
        *(f"{row.name} failed: {row.failed}." for row in rows if row.failed),
        *(_limit(row) for row in rows if row.limited_by),
    ]
    machine = comparison.machine
    if machine.load is not None and machine.load > machine.cores:
        out.append(
            f"The machine was busy with other things (load {machine.load:g} on "
            f"{machine.cores} cores): speeds, which are by processor time, suffer little, but "
            "sound is first heard later than it would be."
        )
    if out:
        out.append(
            "Scores are predictions, for one voice on these texts, not the opinion of listeners: "
            "tts-pipeline listen build --from this folder makes a test for those."
        )
    return out


def number(value: float) -> str:
    """Two or three digits that matter."""
    return f"{value:.0f}" if value >= 20 else f"{value:.2g}"


def _speed(row: StrategyResult) -> float:
    return row.cost.xrt.median if row.cost else 0.0


def _cost(speech: list[StrategyResult]) -> list[str]:
    if not speech:
        return []
    ranked = sorted(speech, key=_speed, reverse=True)
    parts = [
        f"{row.name} speaks at {number(_speed(row))} x real time and is first heard "
        f"after {number(row.cost.first_audio_ms.p50)} ms"
        for row in ranked
        if row.cost
    ]
    out = ["Cost, from text to sound on one thread: " + "; ".join(parts) + "."]
    fastest = ranked[0]
    ratios = {row.name: _speed(fastest) / _speed(row) for row in ranked[1:]}
    level = [name for name, ratio in ratios.items() if ratio < 1.05]
    times = [f"{name} {number(ratio)} times" for name, ratio in ratios.items() if ratio >= 1.05]
    if times:
        out.append(f"A second of speech takes {_listed(times)} as long as {fastest.name}.")
    if level:
        takes = "takes" if len(level) == 1 else "take"
        out.append(f"{_listed(level)} {takes} about as long as {fastest.name}.")
    slow = [row.name for row in ranked if _speed(row) < 1]
    if slow:
        out.append(f"{_listed(slow)} cannot keep up with real time on this machine.")
    return out


def _opinion(
    speech: list[StrategyResult],
    natural: StrategyResult | None,
    metric: str,
    scored: Sequence[Scored],
) -> list[str]:
    ranked = _ranked(speech, metric)
    if not ranked:
        return []
    best = ranked[0]
    parts = [f"{row.name} {_value(row, metric)}" for row in ranked]
    text = f"Sound, predicted opinion ({METRICS[metric].title}): {', '.join(parts)}"
    if natural and metric in natural.metrics:
        text += f", the recordings {_value(natural, metric)}"
    compared = [_against(best.name, row.name, metric, scored) for row in ranked[1:]]
    return [". ".join([text, *compared]) + "."]


def _words(speech: list[StrategyResult], natural: StrategyResult | None) -> list[str]:
    known = [row for row in speech if _WORDS in row.metrics]
    if not known:
        return []
    parts = [f"{_value(row, _WORDS)} for {row.name}" for row in known]
    if natural and _WORDS in natural.metrics:
        parts.append(f"{_value(natural, _WORDS)} for the recordings")
    return [f"Words that the recogniser gets wrong, as a share: {', '.join(parts)}."]


def _blur(speech: list[StrategyResult]) -> list[str]:
    known = [row for row in speech if _BLUR in row.metrics]
    if not known:
        return []
    ranked = sorted(known, key=lambda row: row.metrics[_BLUR].value)
    parts = [f"{row.name} {_value(row, _BLUR)}" for row in ranked]
    return [
        "Blur, as variance of the mel bands by that of the recordings (less than 1 is blurred, "
        f"more is over-sharp): {', '.join(parts)}."
    ]


def _diversity(speech: list[StrategyResult], natural: StrategyResult | None) -> list[str]:
    known = [row for row in speech if _DIVERSITY in row.metrics]
    if not known:
        return []
    parts = [f"{row.name} {_value(row, _DIVERSITY)}" for row in known]
    text = f"Between seeds F0 at one place of the text differs (cents): {', '.join(parts)}"
    if natural and _DIVERSITY in natural.metrics and natural.metrics[_DIVERSITY].value > 0:
        takes = natural.metrics[_DIVERSITY].value
        shares = [f"{row.metrics[_DIVERSITY].value / takes:.2f}" for row in known]
        text += (
            f"; between a person's takes {_value(natural, _DIVERSITY)}, of which that is "
            f"{_listed(shares)}"
        )
    return [f"{text}."]


def _pairs(comparison: Comparison, natural: StrategyResult | None) -> list[str]:
    """How often models of codes put together what no recording has together."""
    rows = [row for row in comparison.strategies if _WRITTEN_PAIRS in row.metrics]
    if not rows:
        return []
    parts = [f"{row.name} {100 * row.metrics[_WRITTEN_PAIRS].value:.1f} %" for row in rows]
    text = f"Neighbouring codes that are never neighbours in the training set: {', '.join(parts)}"
    if natural and _PAIRS in natural.metrics:
        text += f"; recordings that were held out {100 * natural.metrics[_PAIRS].value:.1f} %"
    return [f"{text}."]


def _problems(comparison: Comparison) -> list[str]:
    """How often models report that something went wrong."""
    out = []
    for row in comparison.main:
        own = [item for item in comparison.sounds if item.strategy == row.name]
        n_faulty = sum(bool(item.problems) for item in own)
        if n_faulty:
            first = next(item.problems[0] for item in own if item.problems)
            out.append(f"{row.name} reports a problem in {n_faulty} of {len(own)} texts: {first}.")
    return out


def _curves(comparison: Comparison, scored: Sequence[Scored]) -> list[str]:
    """From how many steps on more of them bring nothing that these texts can tell."""
    out = []
    for name, points in comparison.curves.items():
        metric = next((m for m in _OPINIONS if all(m in row.metrics for row in points)), None)
        if metric is None or len(points) < 2:
            continue
        parts = [
            f"{row.steps} {_value(row, metric)} at {number(_speed(row))} x real time"
            for row in points
        ]
        best = max(points, key=lambda row: row.metrics[metric].value)
        enough = next(row for row in points if not _is_worse(row, best, metric, scored))
        out.append(
            f"{name} by steps ({METRICS[metric].label}): {', '.join(parts)}. From {enough.steps} "
            f"step{'s'[: (enough.steps or 1) > 1]} on these texts do not tell it from its best."
        )
    return out


def _is_worse(
    row: StrategyResult, best: StrategyResult, metric: str, scored: Sequence[Scored]
) -> bool:
    if row.name == best.name:
        return False
    found = paired(scored, best.name, row.name, metric, difference)
    return found is not None and found.low > 0


def _copies(copies: list[StrategyResult], scored: Sequence[Scored]) -> list[str]:
    ranked = _ranked(copies, _COPY)
    if not ranked:
        return []
    parts = [
        f"{row.name} {_value(row, _COPY)} at {number(_speed(row))} x real time" for row in ranked
    ]
    text = (
        f"The vocoders alone, from the recordings' own mels ({METRICS[_COPY].label} against the "
        f"recording as prepared for training): {', '.join(parts)}"
    )
    compared = [_against(ranked[0].name, row.name, _COPY, scored) for row in ranked[1:]]
    return [". ".join([text, *compared]) + "."]


def _against(first: str, second: str, metric: str, scored: Sequence[Scored]) -> str:
    """Whether a difference over the texts that both have is one."""
    found = paired(scored, first, second, metric, difference)
    if found is None:
        return f"{first} and {second} have no text in common"
    digits = METRICS[metric].digits
    amount = f"{found.value:+.{digits}f} [{found.low:+.{digits}f}, {found.high:+.{digits}f}]"
    if found.n == 1:
        return f"one text does not tell {first} from {second} ({found.value:+.{digits}f})"
    if found.low <= 0 <= found.high:
        return f"{found.n} texts do not tell {first} from {second} ({amount})"
    ahead, behind = (first, second) if found.value > 0 else (second, first)
    return f"{ahead} is ahead of {behind} (difference {amount} over {found.n} texts)"


def _ranked(rows: list[StrategyResult], metric: str) -> list[StrategyResult]:
    known = [row for row in rows if metric in row.metrics]
    return sorted(known, key=lambda row: row.metrics[metric].value, reverse=True)


def _value(row: StrategyResult, metric: str) -> str:
    return f"{row.metrics[metric].value:.{METRICS[metric].digits}f}"


def _limit(row: StrategyResult) -> str:
    text = f"{row.name} made {row.n_texts} of {row.n_possible} texts only"
    if row.limited_by == "time":
        text += f", since more would have taken longer than the {row.budget_s:.0f} s it may take"
    else:
        text += ", as asked"
    return f"{text}: its intervals are wider, and its texts not those of the others."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
