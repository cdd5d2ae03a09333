"""What requests hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

Number = StrictFloat | StrictInt


class VoiceChoice(BaseModel):
    """A voice by its id."""

    model_config = ConfigDict(extra="ignore")
    id: Annotated[str, Field(strict=True, max_length=200)]


class SpeechRequest(BaseModel):
    """OpenAI's fields, and more below them. Unknown fields are ignored, as other servers do."""

    model_config = ConfigDict(extra="ignore", strict=True)

    model: str = Field("tts-1", max_length=200, description="see /v1/models")
    input: str = Field(description="the text")
    voice: str | VoiceChoice = Field("default", description="see /v1/audio/voices")
    instructions: str | None = Field(None, max_length=4096, description="ignored")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = Field(
        "mp3", description="pcm: 16-bit little-endian mono at 24 kHz; aac is refused"
    )
    speed: Number = Field(1.0, ge=0.25, le=4.0, description="factor on the speaking rate")
    stream_format: Literal["audio", "sse"] = "audio"

    seed: StrictInt = Field(0, ge=0, lt=2**63, description="the same seed, the same samples")
    pitch: Number = Field(1.0, ge=0.5, le=2.0, description="factor on F0")
    energy: Number = Field(1.0, ge=0.25, le=4.0, description="factor on the amplitude")
    acoustic: str | None = Field(None, max_length=200, description="acoustic model of the voice")
    vocoder: str | None = Field(None, max_length=200, description="vocoder of the voice")
    options: dict[str, Number] | None = Field(
        None, description="further options of the models chosen, such as steps or temperature"
    )
    style: str | None = Field(
        None, max_length=200, description="way of speaking in plain words, such as 'slow and low'"
    )
    intonation: StrictBool = Field(
        True, description="tunes by rule for questions, exclamations and lists"
    )
    ssml: StrictBool = Field(False, description="the input must be SSML")
    text_format: Literal["auto", "text", "ssml", "markdown"] = Field(
        "auto", description="auto: what begins with <speak> is SSML"
    )
    strict: StrictBool = Field(False, description="refuse text of which something cannot be spoken")
    timestamps: StrictBool = Field(
        False, description="answer with JSON: the sound in base64, and when each word is spoken"
    )


class ReadingRequest(BaseModel):
    """A text to be told how it is read."""

    model_config = ConfigDict(extra="ignore", strict=True)
    input: str
    text_format: Literal["auto", "markdown"] = "auto"
