"""The schedules of a test: which trials a listener gets, with which sounds, in which order."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Sequence

import numpy as np

from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.design import balance
from tts_pipeline.listening.design.checks import Check, make_check
from tts_pipeline.listening.design.plan import Plan
from tts_pipeline.listening.design.sources import Sources, all_pairs
from tts_pipeline.listening.trials import (
    AB,
    ABX,
    COMMENT,
    END,
    HEADPHONES,
    KIND_OF_DESIGN,
    MAIN,
    MOS,
    MUSHRA,
    TONES,
    TRAINING,
    TYPED,
    Trial,
)

N_TONES = 6
# Sounds of a trial whose lengths differ by less are heard in step; others start anew.
ALIGNED_S = 0.01
# One text of this many can be spared for practice.
ENOUGH_TO_SPARE = 3

# From text id, condition and number of the copy to the sound's opaque id. A copy is the same sound
# under another id, so that X or the hidden reference is not betrayed by its name.
IdOf = Callable[[str, str, int], str]
SecondsOf = Callable[[str, str], float]


def opaque_id() -> str:
    """A random name of 64 bits."""
    return secrets.token_hex(8)


@dataclasses.dataclass
class Scheduler:
    """Makes the schedules of a plan.

    Attributes:
        plan: of the test.
        sources: what is compared.
        anchors: names of MUSHRA's anchors, which every text has.
        id_of: see ``IdOf``.
        seconds_of: length of the sound of a text and condition.
        tone_ids: ids of headphone tones and the place of the quiet one ("1" to "3").
        check_id: id of a spoken check's sound.
    """

    plan: Plan
    sources: Sources
    anchors: tuple[str, ...]
    id_of: IdOf
    seconds_of: SecondsOf
    tone_ids: Sequence[tuple[str, str]]
    check_id: Callable[[str, int], str]

    def __post_init__(self) -> None:
        random = np.random.default_rng([self.plan.seed, 0])
        texts = [str(text) for text in random.permutation(list(self.sources.texts))]
        self.practice_text = texts[0]
        self.notes: list[str] = []
        if self.plan.n_training and len(texts) >= ENOUGH_TO_SPARE:
            texts = texts[1:]
            self.notes.append(f"text {self.practice_text} is set aside for practice")
        elif self.plan.n_training:
            if self.plan.design == "intelligibility":
                raise ConfigError(
                    f"{len(texts)} texts: nobody can type the same text twice, so practice needs "
                    f"one of its own; give {ENOUGH_TO_SPARE} or more, or set training: 0"
                )
            self.notes.append(f"text {self.practice_text} is heard in practice as well")
        self.kind = KIND_OF_DESIGN[self.plan.design]
        # One order for all texts: that is what spreads conditions evenly within a schedule.
        names = list(self.sources.conditions)
        self.names = tuple(names[i] for i in random.permutation(len(names)))
        self.pairs = self.plan.pairs or all_pairs(self.names)
        self.cells = {text: self._cells(text) for text in texts}
        length = balance.round_length(self.cells)
        self.n_sessions = balance.n_sessions(self.plan.sessions, length)
        if self.n_sessions % length:
            self.notes.append(
                f"{self.n_sessions} schedules are not whole rounds of {length}: "
                "some conditions will be heard a little more often than others"
            )

    def _cells(self, text: str) -> list[tuple[tuple[str, ...], int]]:
        """The alternatives for a text: conditions heard together, and a variant of their order."""
        having = self.sources.having(text)
        names = tuple(name for name in self.names if name in having)
        groups: list[tuple[str, ...]]
        if self.kind in (MOS, TYPED):
            groups, n_variants = [(name,) for name in names], 1
        elif self.kind == MUSHRA:
            signals = (*names, *self.anchors)
            return [(signals, variant) for variant in range(len(signals))]
        else:
            groups = [pair for pair in self.pairs if set(pair) <= set(names)]
            n_variants = 2 if self.kind == AB else 4
            if not groups:
                raise ConfigError(f"pairs: text {text} has none of them; it has {', '.join(names)}")
        return balance.with_variants(groups, n_variants)

    def sessions(self) -> tuple[tuple[Trial, ...], ...]:
        """All schedules."""
        return tuple(self._session(number) for number in range(self.n_sessions))

    def _session(self, number: int) -> tuple[Trial, ...]:
        random = np.random.default_rng([self.plan.seed, 1, number])
        chosen = self._chosen(number)
        order = balance.spread_order(chosen, lambda item: item[0], random)
        main = [self._trial(MAIN, *item, number) for item in order]
        checks = [self._check(make_check(self.kind, random)) for _ in range(self.plan.n_checks)]
        places = balance.check_places(len(main), len(checks), random)
        for place, check in sorted(zip(places, checks), key=lambda item: item[0], reverse=True):
            main.insert(place, check)
        tones = [self.tone_ids[i] for i in random.permutation(len(self.tone_ids))]
        return (
            *(
                Trial(opaque_id(), HEADPHONES, TONES, (tone,), expected=place)
                for tone, place in tones
            ),
            *self._training(number),
            *main,
            Trial(opaque_id(), END, COMMENT),
        )

    def _chosen(self, number: int) -> list[tuple[str, tuple[str, ...], int]]:
        if not self.plan.full or self.kind == MUSHRA:
            cells = balance.latin_cells(self.cells, number)
            return [(text, *cell) for text, cell in cells.items()]
        chosen = []
        for index, (text, own) in enumerate(self.cells.items()):
            groups = list(dict.fromkeys(group for group, _ in own))
            n_variants = len(own) // len(groups)
            for place, group in enumerate(groups):
                chosen.append((text, group, (number + index + place) % n_variants))
        return chosen

    def _training(self, number: int) -> list[Trial]:
        text, trials = self.practice_text, []
        own = self._cells(text)
        for index in range(self.plan.n_training):
            group, variant = own[index % len(own)]
            if self.kind == MOS:
                # The recording first, as the best that will come.
                own.sort(key=lambda cell: cell[0] != (self.sources.reference,))
                group = own[index % len(own)][0]
            trials.append(self._trial(TRAINING, text, group, variant, number))
        return trials

    def _trial(
        self, phase: str, text: str, group: tuple[str, ...], variant: int, number: int
    ) -> Trial:
        names, expected, copies = group, None, [0] * len(group)
        if self.kind in (AB, ABX) and variant % 2:
            names = names[::-1]
        if self.kind == ABX:
            expected = "ab"[variant // 2]
            names, copies = (*names, names[variant // 2]), [0, 0, 1]
        elif self.kind == MUSHRA:
            place = list(self.sources.texts).index(text)
            names = balance.balanced_positions(names, number, [self.plan.seed, 2, place])
        sounds = [*names, *([self.sources.reference] if self.kind == MUSHRA else [])]
        lengths = [self.seconds_of(text, str(name)) for name in sounds]
        return Trial(
            opaque_id(),
            phase,
            self.kind,
            tuple(self.id_of(text, name, copy) for name, copy in zip(names, copies)),
            reference=(
                self.id_of(text, str(self.sources.reference), 1) if self.kind == MUSHRA else None
            ),
            aligned=max(lengths) - min(lengths) < ALIGNED_S,
            no_preference=self.plan.no_preference,
            text=text,
            conditions=names,
            expected=expected,
        )

    def _check(self, check: Check) -> Trial:
        copies = [check.texts[:i].count(text) for i, text in enumerate(check.texts)]
        return Trial(
            opaque_id(),
            MAIN,
            self.kind,
            tuple(self.check_id(text, copy) for text, copy in zip(check.texts, copies)),
            no_preference=self.plan.no_preference,
            expected=check.expected,
            check=True,
        )
