"""The doctor: looks at every row of a corpus before hours of training are spent on it."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from tts_pipeline.corpus.checks import (
    faults_among,
    letters,
    recording_faults,
    row_fault,
    set_faults,
    spoken_faults,
    text_faults,
)
from tts_pipeline.corpus.corpus import Corpus, Fault, scan_corpus, text_key
from tts_pipeline.corpus.recording import Recording, measure
from tts_pipeline.errors import AudioError, CorpusError
from tts_pipeline.text.protocol import TextFrontEnd


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What :func:`examine` found.

    Attributes:
        corpus: rows that can be read, without the excluded ones.
        recordings: figures of each readable recording by id.
        faults: everything found, errors first, each in the order of the corpus.
        letters_per_s: median speaking rate.
        words_per_min: median speaking rate.
    """

    corpus: Corpus
    recordings: dict[str, Recording]
    faults: tuple[Fault, ...]
    letters_per_s: float
    words_per_min: float

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Faults that stop training unless their rows are excluded by name."""
        return tuple(fault for fault in self.faults if fault.error)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Faults worth a look."""
        return tuple(fault for fault in self.faults if not fault.error)

    @property
    def audio_s(self) -> float:
        """Seconds of all readable recordings."""
        return sum(recording.duration_s for recording in self.recordings.values())

    @property
    def healthy(self) -> bool:
        """Whether training may start."""
        return not self.errors

    def require_healthy(self) -> Corpus:
        """The corpus, if training may start.

        Raises:
            CorpusError: naming every bad row by file and line.
        """
        if self.errors:
            rows = "\n  ".join(map(str, self.errors))
            raise CorpusError(
                f"{self.corpus.root}: {len(self.errors)} bad rows; correct them or exclude them "
                f"by name\n  {rows}"
            )
        return self.corpus


def examine(
    path: str | Path,
    *,
    exclude: Collection[str] = (),
    texts: Mapping[str, str] | None = None,
    front_end: TextFrontEnd | None = None,
) -> Diagnosis:
    """Read every row and recording of a corpus and list what is wrong.

    Args:
        path: folder of the corpus; see :mod:`tts_pipeline.corpus.corpus` for its layouts.
        exclude: ids of rows that training leaves out, and that are not looked at.
        texts: corrected texts by id.
        front_end: of the voice's language: a text that it cannot speak is a fault.

    Raises:
        CorpusError: if the folder is no corpus or ``exclude`` names an unknown row.
    """
    corpus = scan_corpus(path, exclude=exclude).with_texts(texts or {})
    faults = [*corpus.faults, *set_faults(corpus)]
    recordings: dict[str, Recording] = {}
    for row in tqdm(corpus.utterances, desc="doctor", unit="file", disable=None, leave=False):
        try:
            recordings[row.id] = measure(row.path)
        except AudioError as error:
            faults.append(row_fault("bad-audio", row, str(error), error=True))
    readable = [row for row in corpus.utterances if row.id in recordings]
    for row in corpus.utterances:
        faults += text_faults(row)
        if front_end is not None:
            faults += spoken_faults(row, front_end)
    for row in readable:
        faults += recording_faults(row, recordings[row.id])
    letters_per_s = words_per_min = 0.0
    if readable:
        faults += faults_among(readable, recordings)
        speech = [recordings[row.id].speech_s for row in readable]
        letters_per_s = statistics.median(
            letters(row.text) / length for row, length in zip(readable, speech, strict=True)
        )
        words_per_min = statistics.median(
            60 * len(text_key(row.text).split()) / length
            for row, length in zip(readable, speech, strict=True)
        )
    faults.sort(key=lambda fault: (not fault.error, str(fault.source), fault.line))
    return Diagnosis(corpus, recordings, tuple(faults), letters_per_s, words_per_min)


def format_report(diagnosis: Diagnosis, *, max_warnings: int = 10) -> str:
    """The diagnosis as text: figures, bad rows by file and line, verdict.

    Args:
        diagnosis: from :func:`examine`.
        max_warnings: warnings shown of each kind; errors are all shown.
    """
    corpus, items = diagnosis.corpus, list(diagnosis.recordings.values())
    sizes = ", ".join(f"{len(corpus.split(name))} {name}" for name in ("train", "valid", "test"))
    texts = len({text_key(row.text) for row in corpus.utterances})
    lines = [
        f"corpus         {corpus.root}",
        f"rows           {len(corpus.utterances)} usable ({sizes}), {texts} different texts, "
        f"{len(corpus.excluded)} excluded by name",
    ]
    if items:
        hours = sum(item.duration_s for item in items) / 3600
        rates = Counter(item.sample_rate for item in items).most_common()
        lines += [
            f"audio          {hours:.2f} hours",
            "sample rate    " + ", ".join(f"{rate} Hz: {count} files" for rate, count in rates),
            _range_line("duration", "s", [item.duration_s for item in items]),
            _range_line("silence before", "s", [item.leading_s for item in items]),
            _range_line("silence after", "s", [item.trailing_s for item in items]),
            _range_line("active level", "dBFS", [item.level_db for item in items]),
            _range_line("above noise", "dB", [item.level_db - item.noise_db for item in items]),
            f"speaking rate  median {diagnosis.letters_per_s:.1f} letters/s, "
            f"{diagnosis.words_per_min:.0f} words/min",
            f"clipping       {sum(item.clipped_share > 0 for item in items)} files",
        ]
    by_kind: dict[str, list[Fault]] = defaultdict(list)
    for fault in diagnosis.warnings:
        by_kind[fault.kind].append(fault)
    if by_kind:
        lines += ["", f"{len(diagnosis.warnings)} warnings: look at these rows"]
        for kind in sorted(by_kind):
            lines += [f"  {fault}" for fault in by_kind[kind][:max_warnings]]
            if len(by_kind[kind]) > max_warnings:
                lines.append(f"  ... and {len(by_kind[kind]) - max_warnings} more [{kind}]")
    if diagnosis.errors:
        lines += ["", f"{len(diagnosis.errors)} errors: bad rows stop training"]
        lines += [f"  {fault}" for fault in diagnosis.errors]
    verdict = (
        "verdict: fit for training"
        if diagnosis.healthy
        else f"verdict: not fit for training; correct {len(diagnosis.errors)} errors"
        + (" or exclude their rows by name" if any(e.id for e in diagnosis.errors) else "")
    )
    return "\n".join([*lines, "", verdict])


def _range_line(name: str, unit: str, values: Sequence[float]) -> str:
    return (
        f"{name:<14} median {statistics.median(values):.2f} {unit} "
        f"({min(values):.2f} to {max(values):.2f})"
    )
