"""When each word is spoken, in the form that other servers use."""

from __future__ import annotations

from typing import Any

from tts_pipeline.timestamps import Timestamp


def words(stamps: tuple[Timestamp, ...]) -> list[dict[str, Any]]:
    """The words and marks among timestamps, in the form that other servers use, and their place in
    the text."""
    return [
        {
            "word": stamp.text,
            "start_time": round(stamp.start_s, 4),
            "end_time": round(stamp.end_s, 4),
            "kind": stamp.kind,
            "span": list(stamp.span),
        }
        for stamp in stamps
        if stamp.kind != "phone"
    ]
