"""Box plots of scores, and spectrograms with their alignment."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.tables import systems_of


@dataclasses.dataclass(frozen=True)
class Panel:
    """One spectrogram of a picture.

    Attributes:
        label: what it shows.
        mel: ``(M, T)`` natural-log amplitude.
        frame_s: seconds of a frame.
        segments: name, start and end in seconds of each phone, if known.
    """

    label: str
    mel: np.ndarray
    frame_s: float
    segments: Sequence[tuple[str, float, float]] = ()


def _figure(**options: Any) -> Any:
    """A figure without pyplot, so that a caller's own back end stays as it is."""
    figure = load_package("matplotlib.figure", "plots").Figure(layout="constrained", **options)
    load_package("matplotlib.backends.backend_agg", "plots").FigureCanvasAgg(figure)
    return figure


def box_plots(scored: Sequence[Scored], folder: Path) -> list[Path]:
    """One PNG per metric with a box per system: median, quartiles, 1.5 times their distance.

    Raises:
        MissingPackage: if matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, metric in METRICS.items():
        values: dict[str, list[float]] = {}
        for system in systems_of(scored):
            own = [item.scores.value(name) for item in scored if item.system == system]
            found = [value for value in own if value is not None]
            if found:
                values[system] = found
        if not values:
            continue
        figure = _figure(figsize=(1.5 + 1.4 * len(values), 4))
        axes = figure.subplots()
        axes.boxplot(list(values.values()), showmeans=True)
        axes.set_xticks(range(1, len(values) + 1), list(values))
        axes.set_title(f"{metric.title}, best: {metric.best}", fontsize=9)
        axes.grid(axis="y", alpha=0.3)
        paths.append(folder / f"box-{name}.png")
        figure.savefig(paths[-1], dpi=100)
    return paths


def mel_picture(path: Path, title: str, panels: Sequence[Panel]) -> None:
    """Spectrograms one above the other on one time axis, with lines where phones meet.

    Raises:
        MissingPackage: if matplotlib is not installed.
    """
    longest = max(panel.mel.shape[1] * panel.frame_s for panel in panels)
    figure = _figure(figsize=(max(8.0, 3.0 * longest), 2.6 * len(panels)))
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    low = min(float(np.percentile(panel.mel, 2)) for panel in panels)
    high = max(float(panel.mel.max()) for panel in panels)
    for axes, panel in zip(rows, panels, strict=True):
        n_mels, n_frames = panel.mel.shape
        axes.imshow(
            panel.mel,
            origin="lower",
            aspect="auto",
            cmap="magma",
            interpolation="nearest",
            extent=(0, n_frames * panel.frame_s, 0, n_mels),
            vmin=low,
            vmax=high,
        )
        for name, start, end in panel.segments:
            for at in (start, end):
                axes.axvline(at, color="white", linewidth=0.4)
            axes.text((start + end) / 2, n_mels, name, ha="center", va="bottom", fontsize=6)
        axes.set_title(panel.label, loc="left", fontsize=9, pad=12 if panel.segments else 3)
        axes.set_ylabel("mel band")
    rows[-1].set_xlim(0, longest)
    rows[-1].set_xlabel("time in seconds")
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=100)
