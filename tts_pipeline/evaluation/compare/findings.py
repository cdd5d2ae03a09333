"""What the figures of a comparison say, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.statistics import difference
from tts_pipeline.evaluation.tables import paired

_OPINION, _WORDS, _COPY = "dnsmos_ovrl", "wer", "pesq"


def statement(comparison: dict[str, Any], scored: Sequence[Scored]) -> list[str]:
    """What each strategy costs and sounds like, a sentence or two an entry, generated."""
    rows = [row for row in comparison["strategies"] if row["n_texts"]]
    natural = next((row for row in rows if row["reference"]), None)
    speech = [row for row in rows if not row["needs_recording"] and row["xrt"]]
    copies = [row for row in rows if row["needs_recording"] and row["xrt"]]
    said = [
        *_cost(speech),
        *_opinion(speech, natural, scored),
        *_words(speech, natural),
        *_copies(copies, scored),
        *(f"{row['name']} failed: {row['failed']}." for row in rows if row["failed"]),
        *(_limit(row) for row in rows if row["limited_by"]),
    ]
    machine = comparison["machine"]
    if machine["load"] != "unknown" and machine["load"] > machine["cores"]:
        said.append(
            f"The machine was busy with other things (load {machine['load']} on "
            f"{machine['cores']} cores): speeds, which are by processor time, suffer little, but "
            "sound is first heard later than it would be."
        )
    if said:
        said.append(
            "Scores are predictions, for one voice on these texts, not the opinion of listeners: "
            "tts-pipeline listen build --from this folder makes a test for those."
        )
    return said


def number(value: float) -> str:
    """Two or three digits that matter."""
    return f"{value:.0f}" if value >= 20 else f"{value:.2g}"


def _cost(speech: list[dict[str, Any]]) -> list[str]:
    if not speech:
        return []
    ranked = sorted(speech, key=lambda row: -row["xrt"]["median"])
    parts = [
        f"{row['name']} speaks at {number(row['xrt']['median'])} x real time and is first heard "
        f"after {number(row['first_audio_ms']['p50'])} ms"
        for row in ranked
    ]
    said = ["Cost, from text to sound on one thread: " + "; ".join(parts) + "."]
    fastest = ranked[0]
    if len(ranked) > 1:
        times = [
            f"{row['name']} {number(fastest['xrt']['median'] / row['xrt']['median'])} times"
            for row in ranked[1:]
        ]
        said.append(f"A second of speech takes {_listed(times)} as long as {fastest['name']}.")
    slow = [row["name"] for row in ranked if row["xrt"]["median"] < 1]
    if slow:
        said.append(f"{_listed(slow)} cannot keep up with its own sound on this machine.")
    return said


def _opinion(
    speech: list[dict[str, Any]], natural: dict[str, Any] | None, scored: Sequence[Scored]
) -> list[str]:
    ranked = _ranked(speech, _OPINION)
    if not ranked:
        return []
    label = METRICS[_OPINION].label
    best = ranked[0]
    parts = [f"{row['name']} {_value(row, _OPINION)}" for row in ranked]
    said = f"Sound, predicted opinion ({label}, 1 to 5): {', '.join(parts)}"
    if natural and _OPINION in natural["metrics"]:
        said += f", the recordings {_value(natural, _OPINION)}"
    judged = [_against(best["name"], row["name"], _OPINION, scored) for row in ranked[1:]]
    return [". ".join([said, *judged]) + "."]


def _words(speech: list[dict[str, Any]], natural: dict[str, Any] | None) -> list[str]:
    known = [row for row in speech if _WORDS in row["metrics"]]
    if not known:
        return []
    parts = [f"{_value(row, _WORDS)} for {row['name']}" for row in known]
    if natural and _WORDS in natural["metrics"]:
        parts.append(f"{_value(natural, _WORDS)} for the recordings")
    return [f"Words that the recogniser gets wrong, as a share: {', '.join(parts)}."]


def _copies(copies: list[dict[str, Any]], scored: Sequence[Scored]) -> list[str]:
    ranked = _ranked(copies, _COPY)
    if not ranked:
        return []
    label = METRICS[_COPY].label
    parts = [
        f"{row['name']} {_value(row, _COPY)} at {number(row['xrt']['median'])} x real time"
        for row in ranked
    ]
    said = [f"The vocoders alone, from the recordings' own mels ({label}): {', '.join(parts)}"]
    said += [_against(ranked[0]["name"], row["name"], _COPY, scored) for row in ranked[1:]]
    return [". ".join(said) + "."]


def _against(first: str, second: str, metric: str, scored: Sequence[Scored]) -> str:
    """Whether a difference over the texts that both have is one."""
    found = paired(scored, first, second, metric, difference)
    if found is None:
        return f"{first} and {second} have no text in common"
    digits = METRICS[metric].digits
    amount = f"{found.value:+.{digits}f} [{found.low:+.{digits}f}, {found.high:+.{digits}f}]"
    if found.low <= 0 <= found.high:
        return f"{found.n} texts do not tell {first} from {second} ({amount})"
    ahead, behind = (first, second) if found.value > 0 else (second, first)
    return f"{ahead} is ahead of {behind} (difference {amount} over {found.n} texts)"


def _ranked(rows: list[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    known = [row for row in rows if metric in row["metrics"]]
    return sorted(known, key=lambda row: -row["metrics"][metric]["value"])


def _value(row: dict[str, Any], metric: str) -> str:
    return f"{row['metrics'][metric]['value']:.{METRICS[metric].digits}f}"


def _limit(row: dict[str, Any]) -> str:
    said = f"{row['name']} made {row['n_texts']} of {row['n_possible']} texts only"
    if row["limited_by"] == "time":
        said += f", since more would have taken longer than the {row['budget_s']:.0f} s it may take"
    else:
        said += ", as asked"
    return f"{said}: its intervals are wider, and its texts not those of the others."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
