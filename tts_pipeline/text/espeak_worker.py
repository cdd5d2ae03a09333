"""The process that holds espeak-ng: words in on stdin, IPA out on stdout, a line each.

It stands alone because espeak-ng is not thread-safe and aborts on some input; nothing but this
process goes down with it. Started by :mod:`tts_pipeline.text.espeak`.
"""

from __future__ import annotations

import ctypes
import sys

AUDIO_OUTPUT_SYNCHRONOUS = 2
TEXT_IS_UTF8 = 1
PHONEMES_AS_IPA = 2


def main(voice: str) -> int:
    """Answer until stdin ends; 1 if espeak-ng cannot start, 2 if it has no such voice."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int,
    ]  # fmt: skip
    data = espeakng_loader.get_data_path().encode()
    if library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0) < 0:
        return 1
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        return 2
    print("ready", flush=True)
    for line in sys.stdin:
        text = ctypes.c_char_p(line.strip().encode())
        parts = []
        # One call reads one clause and moves the pointer behind it.
        while text.value:
            spoken = library.espeak_TextToPhonemes(
                ctypes.byref(text), TEXT_IS_UTF8, PHONEMES_AS_IPA
            )
            parts.append((spoken or b"").decode("utf-8", "replace"))
        print(" ".join(" ".join(parts).split()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
