"""The picture of a listening test's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tts_pipeline.listening.analysis.analysis import Analysis
from tts_pipeline.listening.trials import Key

_LABELS = {
    "mos": "opinion score",
    "mushra": "MUSHRA score",
    "intelligibility": "word error rate",
}
_LIMITS = {"mos": (0.8, 5.2), "mushra": (-3, 103), "intelligibility": (-0.03, None)}


def draw(key: Key, found: Analysis, path: Path) -> None:
    """Box plots of the judgements by condition, or the shares of choices by pair, as PNG."""
    plot = _shares if key.design in ("ab", "abx") else _boxes
    plot(key, found).savefig(path, dpi=120)


def _figure(width: float, height: float) -> Any:
    # Without pyplot, so that a caller's own back end stays as it is.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _boxes(key: Key, found: Analysis) -> Any:
    """Median, quartiles and 1.5 times their distance; diamonds: means with 95 % interval."""
    names = [row["condition"] for row in found.conditions]
    values = [
        [j.value for p in found.counted for j in p.judgements if j.condition == name]
        for name in names
    ]
    figure = _figure(1.6 + 1.3 * len(names), 4.2)
    axes = figure.subplots()
    places = range(1, len(names) + 1)
    axes.boxplot(
        values,
        positions=list(places),
        widths=0.5,
        medianprops={"color": "#2a56c6"},
        flierprops={"marker": ".", "markersize": 4},
    )
    for place, row in zip(places, found.conditions):
        spread = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
        axes.errorbar(
            place + 0.36,
            row["mean"],
            yerr=spread,
            fmt="D",
            color="#b3261e",
            capsize=3,
            markersize=4,
        )
    labels = {item.name: item.label for item in key.conditions}
    axes.set_xticks(list(places), [_wrapped(labels[name]) for name in names], fontsize=8)
    axes.set_ylim(*_LIMITS[key.design])
    axes.set_ylabel(_LABELS[key.design])
    axes.grid(axis="y", alpha=0.3)
    axes.set_title(f"{len(found.counted)} listeners; diamonds: mean, 95 % interval", fontsize=9)
    return figure


def _shares(key: Key, found: Analysis) -> Any:
    figure = _figure(6.5, 1.4 + 0.55 * len(found.pairs))
    axes = figure.subplots()
    for place, row in enumerate(found.pairs):
        spread = [[row["share"] - row["low"]], [row["high"] - row["share"]]]
        axes.errorbar(row["share"], place, xerr=spread, fmt="D", color="#2a56c6", capsize=4)
    axes.axvline(0.5, color="grey", linewidth=1, linestyle="--")
    middle = "or" if key.design == "abx" else "over"
    axes.set_yticks(
        range(len(found.pairs)),
        [f"{row['first']} {middle} {row['second']}" for row in found.pairs],
        fontsize=8,
    )
    axes.set_ylim(len(found.pairs) - 0.5, -0.5)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("right answers" if key.design == "abx" else "choices for the first")
    axes.set_title("share with 95 % Wilson interval", fontsize=9)
    axes.grid(axis="x", alpha=0.3)
    return figure


def _wrapped(label: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(label, 16))
