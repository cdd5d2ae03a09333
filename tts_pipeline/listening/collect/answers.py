"""Answers as browsers send them: what one may hold, and whether it fits its trial."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.listening.trials import Trial

Opaque = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


def _without_control_characters(text: str) -> str:
    """What a terminal would take for a command is left out; lines and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


# What a listener typed.
Words = Annotated[str, AfterValidator(_without_control_characters)]


class AnswerError(TTSPipelineError):
    """An answer that is malformed or does not fit its trial."""


class _Answer(BaseModel):
    """What all answers hold.

    Attributes:
        trial: opaque id.
        seconds: from the trial's appearance to the answer.
        plays: how often each sound was started.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    trial: Opaque
    seconds: float = Field(ge=0, le=7 * 86_400, allow_inf_nan=False)
    plays: dict[Opaque, Annotated[int, Field(ge=1, le=10_000)]] = Field(max_length=20)


class Rating(_Answer):
    """MOS: a category of ITU-T P.800, 1 bad to 5 excellent."""

    kind: Literal["mos"]
    score: int = Field(ge=1, le=5)


class Sliders(_Answer):
    """MUSHRA: 0 to 100 for every sound."""

    kind: Literal["mushra"]
    scores: dict[Opaque, Annotated[int, Field(ge=0, le=100)]] = Field(max_length=20)


class Preference(_Answer):
    """AB: the preferred sound."""

    kind: Literal["ab"]
    choice: Literal["a", "b", "none"]


class Identification(_Answer):
    """ABX: the sound that X is the same as."""

    kind: Literal["abx"]
    choice: Literal["a", "b"]


class Typed(_Answer):
    """Intelligibility: the words that were heard; may be empty."""

    kind: Literal["typed"]
    text: Words = Field(max_length=500)


class QuietTone(_Answer):
    """Headphone check: which of the three tones is the quietest."""

    kind: Literal["tones"]
    choice: Literal["1", "2", "3"]


class Comment(_Answer):
    """What the listener wants to say at the end; may be empty."""

    kind: Literal["comment"]
    text: Words = Field(max_length=2000)


Answer = Rating | Sliders | Preference | Identification | Typed | QuietTone | Comment
_ADAPTER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="kind")])


def parse_answer(content: Any) -> Answer:
    """Read an answer from decoded JSON.

    Raises:
        AnswerError: naming every field that is wrong.
    """
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        faults = [
            ".".join(str(part) for part in item["loc"]) + ": " + item["msg"]
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise AnswerError("malformed answer: " + "; ".join(faults[:5])) from error


def check_fits(answer: Answer, trial: Trial) -> None:
    """Whether an answer is one to its trial: kind, sounds, and that all of them were played.

    Raises:
        AnswerError: saying what does not fit.
    """
    if answer.kind != trial.kind:
        raise AnswerError(f"trial {trial.id} takes answers of kind {trial.kind}, not {answer.kind}")
    sounds = {*trial.stimuli, *([trial.reference] if trial.reference else [])}
    foreign = set(answer.plays) - sounds
    if foreign:
        raise AnswerError(f"sound {min(foreign)} does not belong to trial {trial.id}")
    unheard = sounds - set(answer.plays)
    if unheard:
        raise AnswerError(f"sound {min(unheard)} of trial {trial.id} was not played")
    if isinstance(answer, Sliders) and set(answer.scores) != set(trial.stimuli):
        raise AnswerError(f"trial {trial.id} takes one score for each of its sounds, no others")
    if isinstance(answer, Preference) and answer.choice == "none" and not trial.no_preference:
        raise AnswerError(f"trial {trial.id} does not take 'no preference'")
