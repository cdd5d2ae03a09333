"""What a client may choose, checked before anything is spoken."""

from __future__ import annotations

from typing import Any

from tts_pipeline.serve.formats import REFUSED_FORMATS, SOUND_FORMATS
from tts_pipeline.serve.http.faults import Fault
from tts_pipeline.serve.http.schema import SpeechRequest
from tts_pipeline.serve.job import Facts, Speech
from tts_pipeline.serve.settings import Settings
from tts_pipeline.text.markup.ssml import is_ssml

# Names that clients send out of habit; all mean the one voice that is loaded.
MODELS = (
    "tts_pipeline",
    "tts-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
    "gpt-4o-mini-tts-2025-12-15",
)
VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable",
    "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
# Of what clients call text_format, those that a front end of its own reads.
FORMATS = {"markdown": "markdown"}
# Arguments of tts_pipeline.stream that no client may set by the names of options.
ARGUMENTS = (
    "text", "voice", "acoustic", "vocoder", "seed", "rate", "pitch", "energy", "lexicon", "strict",
    "style", "text_format", "threads", "intonation",
)  # fmt: skip
# Of the models in it: 2025-12-15.
_CREATED = 1765756800


def model_entry(name: str) -> dict[str, Any]:
    """A model as OpenAI describes one."""
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "tts_pipeline"}


def voices_of(facts: Facts) -> dict[str, Any]:
    """The voice under its own name and under OpenAI's, in both forms that clients read."""
    names = dict.fromkeys((facts.name, *VOICES))
    entries = [
        {"id": name, "name": name, "language": facts.language, "speaks_as": facts.name}
        for name in names
    ]
    return {
        "object": "list",
        "voices": entries,
        "data": entries,
        "acoustics": list(facts.acoustics),
        "refiners": list(facts.refiners),
        "vocoders": list(facts.vocoders),
        "default_acoustic": facts.acoustic,
        "default_vocoder": facts.vocoder,
        "sample_rate": facts.sample_rate,
    }


def check(text: str, settings: Settings) -> None:
    """See that a text is not too long.

    Raises:
        Fault: if it is.
    """
    if len(text) > settings.max_characters:
        raise Fault(
            400,
            f"input of {len(text)} characters: expected at most {settings.max_characters}; "
            "send it in parts",
            param="input",
            code="string_too_long",
        )


def job_of(wanted: SpeechRequest, facts: Facts, settings: Settings) -> Speech:
    """What the workers are to do.

    Raises:
        Fault: naming the field that asks for something that is not here.
    """
    check(wanted.input, settings)
    _known("model", wanted.model, (*MODELS, facts.name), "model_not_found", 404)
    voice = wanted.voice if isinstance(wanted.voice, str) else wanted.voice.id
    _known("voice", voice, (facts.name, "default", *VOICES), "unknown_voice", 400)
    if wanted.response_format in REFUSED_FORMATS:
        known = ", ".join(SOUND_FORMATS)
        message = f"response_format {wanted.response_format!r}: this server writes {known}"
        raise Fault(400, message, param="response_format", code="unsupported_format")
    options: dict[str, Any] = {
        "rate": float(wanted.speed),
        "pitch": float(wanted.pitch),
        "energy": float(wanted.energy),
        "seed": wanted.seed,
        "strict": wanted.strict,
        "style": wanted.style or "",
        "intonation": wanted.intonation,
    }
    if wanted.vocoder is not None:
        _known("vocoder", wanted.vocoder, facts.vocoders, "unknown_vocoder", 400)
        options["vocoder"] = wanted.vocoder
    if wanted.acoustic is not None:
        first, *others = wanted.acoustic.split("+")
        _known("acoustic", first, facts.acoustics, "unknown_acoustic", 400)
        for refiner in others:
            _known("acoustic", refiner, facts.refiners, "unknown_refiner", 400)
        options["acoustic"] = wanted.acoustic
    for name, value in (wanted.options or {}).items():
        if name in ARGUMENTS or not name.isidentifier():
            message = f"options.{name[:80]}: a field of its own, or no name of an option"
            raise Fault(400, message, param="options", code="invalid_value")
        options[name] = value
    text_format = FORMATS.get(wanted.text_format, "plain")
    return Speech(_text(wanted), options, wanted.response_format, text_format=text_format)


def _text(wanted: SpeechRequest) -> str:
    is_document = is_ssml(wanted.input)
    if (wanted.ssml or wanted.text_format == "ssml") and not is_document:
        message = "input is no SSML: expected a document that begins with <speak>"
        raise Fault(400, message, param="input", code="invalid_ssml")
    if wanted.text_format == "text" and not wanted.ssml and is_document:
        # A wide sign is the same to readers of plain text, and begins no document.
        return wanted.input.replace("<", "\uff1c", 1)
    return wanted.input


def _known(field: str, value: str, known: tuple[str, ...], code: str, status: int) -> None:
    if value not in known:
        shown = ", ".join(known)
        message = f"{field} {value[:80]!r}: expected one of {shown}"
        raise Fault(status, message, param=field, code=code)
