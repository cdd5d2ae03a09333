"""The sounds that a test compares: from folders, or from what ``tts-pipeline compare`` wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.audio.files import FORMATS
from tts_pipeline.comparison import read_comparison
from tts_pipeline.corpus.texts import read_texts
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.design.plan import MAX_MUSHRA_SIGNALS, Plan
from tts_pipeline.text.word_errors import spoken_words


@dataclasses.dataclass(frozen=True)
class Sources:
    """Which file speaks which text in which condition.

    Attributes:
        conditions: from name to what it is called in reports, in the plan's order.
        reference: the condition that holds the recordings, if there is one.
        texts: from id to text; the text is empty where the plan names no file of texts.
        files: from text id and condition to the audio file.
        notes: what was left out, and why.
    """

    conditions: dict[str, str]
    reference: str | None
    texts: dict[str, str]
    files: dict[tuple[str, str], Path]
    notes: tuple[str, ...] = ()

    def having(self, text: str) -> tuple[str, ...]:
        """The conditions that speak a text."""
        return tuple(name for name in self.conditions if (text, name) in self.files)


def find_sources(plan: Plan) -> Sources:
    """Find every file of a plan and apply its rule for missing ones.

    Raises:
        ConfigError: if a folder, condition or text is missing, or too little is left for the
            design.
    """
    found = _from_comparison(plan) if plan.comparison else _from_folders(plan)
    found = _chosen(plan, found)
    found = _without_gaps(plan, found)
    _check_enough(plan, found)
    return found


def _from_folders(plan: Plan) -> Sources:
    files: dict[tuple[str, str], Path] = {}
    for name, folder in plan.conditions.items():
        if not Path(folder).is_dir():
            raise ConfigError(f"conditions.{name}: {folder} is no folder; expected one of sounds")
        for path in sorted(Path(folder).iterdir()):
            if path.suffix.lower() not in FORMATS or path.name.startswith("."):
                continue
            if (path.stem, name) in files:
                raise ConfigError(f"{path}: two files for text {path.stem}; keep one of them")
            files[path.stem, name] = path
    texts = dict.fromkeys(sorted({text for text, _ in files}), "")
    if plan.texts:
        given = read_texts(Path(plan.texts), ConfigError)
        texts = {text: words for text, words in given.items() if text in texts}
        files = {key: path for key, path in files.items() if key[0] in texts}
    return Sources({name: name for name in plan.conditions}, plan.reference, texts, files)


def _from_comparison(plan: Plan) -> Sources:
    folder = Path(plan.comparison or "")
    found = read_comparison(folder)
    natural = [item.name for item in found.strategies if item.reference]
    return Sources(
        {item.name: item.label or item.name for item in found.strategies},
        plan.reference or (natural[0] if natural else None),
        {item.id: item.text for item in found.texts},
        {(item.text, item.strategy): folder / item.file for item in found.sounds},
    )


def _chosen(plan: Plan, found: Sources) -> Sources:
    for name in (*plan.only, *(name for pair in plan.pairs for name in pair)):
        _known("condition", name, found.conditions)
    if found.reference is not None:
        _known("reference", found.reference, found.conditions)
    for text in plan.text_ids:
        _known("text", text, found.texts)
    names = plan.only or tuple(found.conditions)
    if plan.design == "mushra" and found.reference is not None and found.reference not in names:
        names = (found.reference, *names)
    texts = plan.text_ids or tuple(found.texts)
    return Sources(
        {name: found.conditions[name] for name in names},
        found.reference if found.reference in names else None,
        {text: found.texts[text] for text in texts},
        {key: path for key, path in found.files.items() if key[0] in texts and key[1] in names},
    )


def _known(kind: str, name: str, known: dict[str, str]) -> None:
    if name not in known:
        raise ConfigError(f"{kind} {name!r}: expected one of {', '.join(known)}")


def _without_gaps(plan: Plan, found: Sources) -> Sources:
    kept, notes = {}, []
    for text, words in found.texts.items():
        having = found.having(text)
        lacking = [name for name in found.conditions if name not in having]
        if plan.design == "mushra" and found.reference in lacking:
            notes.append(f"text {text} is left out: it has no reference recording")
        elif lacking and plan.missing == "drop":
            notes.append(
                f"text {text} is left out: missing in {', '.join(lacking)} "
                "(missing: keep would use it for the others)"
            )
        elif len(having) >= (1 if plan.design in ("mos", "intelligibility") else 2):
            kept[text] = words
            if lacking:
                notes.append(f"text {text} is heard without {', '.join(lacking)}")
        else:
            notes.append(f"text {text} is left out: too few conditions have it")
    files = {key: path for key, path in found.files.items() if key[0] in kept}
    return dataclasses.replace(found, texts=kept, files=files, notes=tuple(notes))


def _check_enough(plan: Plan, found: Sources) -> None:
    if len(found.conditions) < (1 if plan.design in ("mos", "intelligibility") else 2):
        raise ConfigError(f"design {plan.design} needs two conditions or more, found one")
    if not found.texts:
        reason = "; ".join(found.notes) or "no sound was found"
        raise ConfigError(f"no text is left for the test: {reason}")
    if plan.design == "mushra":
        if found.reference is None:
            raise ConfigError(
                "reference: missing; MUSHRA needs the condition that holds the recordings"
            )
        signals = len(found.conditions) + len(plan.anchors_hz)
        if signals > MAX_MUSHRA_SIGNALS:
            raise ConfigError(
                f"{signals} signals in a MUSHRA trial: BS.1534-3 allows {MAX_MUSHRA_SIGNALS}, "
                "hidden reference and anchors included; choose some with only (--conditions)"
            )
    if plan.design == "intelligibility":
        silent = [text for text, words in found.texts.items() if not spoken_words(words)]
        if silent:
            raise ConfigError(f"text {silent[0]}: its words are unknown; name a file with texts")


def all_pairs(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Every two of the names, in their order."""
    return tuple((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
