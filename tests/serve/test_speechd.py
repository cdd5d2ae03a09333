"""The module for speech-dispatcher, line by line, and behind a real speech-dispatcher."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from tests.serve.running import ROOT, environment
from tts_pipeline import Voice, synthesize
from tts_pipeline.serve.speechd.messages import (
    Settings,
    character_message,
    key_message,
    text_message,
)
from tts_pipeline.serve.speechd.module import Module
from tts_pipeline.serve.speechd.wire import Wire

MARKED = '<speak>One two. <mark name="here"/> Three <mark name="there"/>four.</speak>'


_ESCAPED = re.compile(rb"\x7d(.)", re.DOTALL)


class Talk:
    """speech-dispatcher's end of the pipes to a module that runs in a thread."""

    def __init__(self, folder: Path) -> None:
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        self._out: IO[bytes] = os.fdopen(to_write, "wb", buffering=0)
        self._in: IO[bytes] = os.fdopen(from_read, "rb")
        wire = Wire(os.fdopen(to_read, "rb"), os.fdopen(from_write, "wb"))
        self.thread = threading.Thread(target=Module(wire, folder).run)
        self.thread.start()

    def say(self, text: str) -> None:
        self._out.write(text.encode())

    def line(self) -> str:
        return self._in.readline().decode("utf-8", "replace").rstrip("\n")

    def lines(self, n: int) -> list[str]:
        return [self.line() for _ in range(n)]

    def sound(self) -> tuple[np.ndarray, list[tuple[str, int]]]:
        """The samples up to the end of a message, and events with their places in samples."""
        content, events, head = b"", [], {}
        while True:
            line = self._in.readline()
            assert line, "the module ended"
            if line.startswith(b"705-AUDIO\0"):
                escaped = line.removeprefix(b"705-AUDIO\0").removesuffix(b"\n")
                samples = re.sub(
                    rb"\x7d(.)", lambda m: bytes([m[1][0] ^ 0x20]), escaped, flags=re.S
                )
                assert len(samples) == 2 * int(head["num_samples"]) <= 10_000
                assert self._in.readline() == b"705 AUDIO\n"
                content += samples
            elif line.startswith(b"705-"):
                name, _, value = line[4:].decode().strip().partition("=")
                head[name] = value
            else:
                event = line.decode().rstrip("\n")
                events.append((event, len(content) // 2))
                if event[:3] in ("702", "703", "704"):
                    assert head.get("sample_rate", "16000") == "16000"
                    return np.frombuffer(content, "<i2") / 32767, events


@pytest.fixture(scope="module")
def talk(tiny_voice: Path) -> Iterator[Talk]:
    """A module that has been set up."""
    talk = Talk(tiny_voice)
    talk.say("INIT\n")
    assert talk.lines(2) == ["299-voice tiny", "299 OK LOADED SUCCESSFULLY"]
    talk.say("AUDIO\naudio_output_method=server\naudio_alsa_device=default\n.\n")
    assert talk.lines(2) == ["207 OK RECEIVING AUDIO SETTINGS", "203 OK AUDIO INITIALIZED"]
    talk.say("LOGLEVEL\nlog_level=3\n.\n")
    assert talk.lines(2) == ["207 OK RECEIVING LOGLEVEL SETTINGS", "203 OK LOGLEVEL SET"]
    yield talk
    talk.say("QUIT\n")
    while talk.line() != "210 OK QUIT":
        pass
    talk.thread.join(10)
    assert not talk.thread.is_alive()


def _set(talk: Talk, **settings: object) -> None:
    talk.say("SET\n" + "".join(f"{name}={value}\n" for name, value in settings.items()) + ".\n")
    assert talk.lines(2) == ["203 OK RECEIVING SETTINGS", "203 OK SETTINGS RECEIVED"]


def _spoken(talk: Talk, command: str, text: str) -> tuple[np.ndarray, list[tuple[str, int]]]:
    stuffed = f".{text}" if text.startswith(".") else text
    talk.say(f"{command}\n{stuffed}\n.\n")
    assert talk.lines(2) == ["202 OK RECEIVING MESSAGE", "200 OK SPEAKING"]
    return talk.sound()


def test_marks_come_where_they_are(talk: Talk, tiny_voice: Path) -> None:
    samples, events = _spoken(talk, "SPEAK", MARKED)
    expected = synthesize(MARKED, voice=tiny_voice)
    np.testing.assert_allclose(samples, expected.samples, atol=1.2e-4)
    here, there = (
        round(stamp.start_s * 16_000) for stamp in expected.timestamps if stamp.kind == "mark"
    )
    assert 0 < here < there
    assert events == [
        ("701 BEGIN", 0),
        ("700-here", here),
        ("700 INDEX MARK", here),
        ("700-there", there),
        ("700 INDEX MARK", there),
        ("702 END", len(samples)),
    ]


def test_settings_change_the_voice(talk: Talk, tiny_voice: Path) -> None:
    _set(talk, rate=50, pitch=-50, volume=0, synthesis_voice="tiny", punctuation_mode="some")
    samples, _ = _spoken(talk, "SPEAK", "How are you?")
    expected = synthesize("How are you?", voice=tiny_voice, rate=2.0, pitch=2**-0.5).samples
    np.testing.assert_allclose(samples, expected / 2, atol=1.2e-4)
    _set(talk, rate=0, pitch=0, volume=100)
    talk.say("SET\nrate=fast\n.\n")
    assert talk.lines(2)[1] == "303 ERROR INVALID PARAMETER OR VALUE"
    talk.say("SET\nnonsense\n.\n")
    assert talk.lines(2)[1] == "302 ERROR BAD SYNTAX"


def test_characters_and_keys_are_called_by_their_names(talk: Talk, tiny_voice: Path) -> None:
    for character in ("a", "space", ".", "<", "ß"):
        samples, events = _spoken(talk, "CHAR", character)
        assert len(samples) > 1000 and events[-1][0] == "702 END"
    again, _ = _spoken(talk, "CHAR", "ß")
    np.testing.assert_array_equal(again, samples)
    alone, _ = _spoken(talk, "SPEAK", "<speak>a</speak>")
    letter, _ = _spoken(talk, "CHAR", "a")
    np.testing.assert_array_equal(alone, letter)
    keys, _ = _spoken(talk, "KEY", "control_shift_a")
    assert len(keys) > len(letter)


def test_stop_and_pause_come_at_once(talk: Talk) -> None:
    for command, event in (("STOP", "703 STOP"), ("PAUSE", "704 PAUSE")):
        talk.say("SPEAK\n" + "This goes on for a long time. " * 40 + "\n.\n")
        assert talk.lines(3) == ["202 OK RECEIVING MESSAGE", "200 OK SPEAKING", "701 BEGIN"]
        threading.Timer(0.3, talk.say, (f"{command}\n",)).start()
        samples, events = talk.sound()
        assert events == [(event, len(samples))]
        # Sound is sent less than half a second ahead: most of the minute never was.
        assert len(samples) / 16_000 < 20
    talk.say("STOP\n")
    samples, events = _spoken(talk, "SPEAK", "Next.")
    assert events[-1][0] == "702 END" and len(samples) > 1000


def test_nothing_is_no_reason_to_be_silent_for_ever(talk: Talk, capsys) -> None:
    for text in (
        "...",
        "<speak></speak>",
        "\U0001f600 \U0001f600",
        "<speak>&broken; <x>now</speak>",
    ):
        _, events = _spoken(talk, "SPEAK", text)
        assert (events[0][0], events[-1][0]) == ("701 BEGIN", "702 END")
    samples, _ = _spoken(talk, "SPEAK", "<speak>An <unknown>element</unknown> here.</speak>")
    assert len(samples) > 1000, "mark-up that cannot be read is left out"
    dotted, _ = _spoken(talk, "SPEAK", ".5 is half.")
    whole, _ = _spoken(talk, "SPEAK", "<speak>.5 is half.</speak>")
    np.testing.assert_array_equal(dotted, whole)


def test_commands_that_are_wrong(talk: Talk) -> None:
    for sent, answers in (
        ("NONSENSE\n", ["300 ERR UNKNOWN COMMAND"]),
        ("\n", ["300 ERR UNKNOWN COMMAND"]),
        ("SPEAK\n.\n", ["202 OK RECEIVING MESSAGE", "301 ERROR CANT SPEAK"]),
        ("CHAR\na\nb\n.\n", ["202 OK RECEIVING MESSAGE", "305 DATA MORE THAN ONE LINE"]),
        ("SPEAK\n" + "long " * 50_000 + "\n.\n",
         ["202 OK RECEIVING MESSAGE", "301 ERROR CANT SPEAK"]),
        ("AUDIO\naudio_output_method=alsa\n.\n",
         ["207 OK RECEIVING AUDIO SETTINGS", "303 ERROR INVALID PARAMETER OR VALUE"]),
        ("LIST VOICES\n", ["200-tiny\ten-US\tnone", "200 OK VOICE LIST SENT"]),
        ("DEBUG ON /tmp/file\n", ["200 OK DEBUGGING ON"]),
    ):  # fmt: skip
        talk.say(sent)
        assert talk.lines(len(answers)) == answers


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("A", Settings(capitals="spell"), "capital "),
        ("a", Settings(capitals="spell"), ""),
        ("A", Settings(), ""),
    ],
)
def test_capitals(text: str, settings: Settings, said: str) -> None:
    inside = f'<say-as interpret-as="characters">{text}</say-as>'
    assert character_message(text, settings).text == f"<speak>{said}{inside}</speak>"


def test_messages() -> None:
    plain = Settings()
    assert character_message("A", Settings(capitals="icon")).options["pitch"] == 1.3
    assert key_message("control_alt_del", plain).text == "<speak>control, alt, delete</speak>"
    assert key_message("_", plain).text.count("say-as") == 2
    assert key_message("shift_page-up", plain).text == "<speak>shift, page up</speak>"
    assert text_message("ab", Settings(spelling=True)).text.count("interpret-as") == 2
    assert character_message("é", plain).text == (
        '<speak><say-as interpret-as="characters">e</say-as> with acute</speak>'
    )
    assert character_message("€", plain).text == "<speak>euro</speak>"
    assert Settings(rate=-100).options["rate"] == 0.25 and Settings(rate=100).options["rate"] == 4
    assert Settings(pitch=100).options["pitch"] == 2 and Settings(volume=-100).gain == 0


def test_every_character_and_key_can_be_spoken(tiny_voice: Path) -> None:
    front_end = Voice.load(tiny_voice).front_end
    characters = [chr(code) for code in (*range(32, 127), *range(160, 400), 8364, 8230, 128512)]
    for character in characters:
        sentences, _ = front_end(character_message(character, Settings(capitals="spell")).text)
        assert sentences, character


def test_random_lines_get_replies_and_end_it_never(tiny_voice: Path) -> None:
    rng = random.Random(0)
    words = ["INIT", "SPEAK", "CHAR", "SET", "STOP", "PAUSE", "KEY", "AUDIO", ".", "rate=9", "=",
             "<speak>x", "\x00\xff", "LIST VOICES", "701 BEGIN", "a" * 3000]  # fmt: skip
    source = "".join(rng.choice(words) + "\n" for _ in range(500)) + "\n.\n.\nQUIT\n"
    sink = io.BytesIO()
    assert Module(Wire(io.BytesIO(source.encode("latin-1")), sink), tiny_voice).run() == 0
    said = sink.getvalue()
    assert said.endswith(b"210 OK QUIT\n") and b"Traceback" not in said


def test_a_missing_voice_is_told(tmp_path: Path) -> None:
    sink = io.BytesIO()
    wire = Wire(io.BytesIO(b"INIT\n"), sink)
    assert Module(wire, tmp_path / "none").run() == 1
    told = sink.getvalue().decode().splitlines()
    assert told[0].startswith("399-") and told[1] == "399 ERR CANT INIT MODULE"


CONFIG = """
LogLevel 1
LogDir "{folder}"
DefaultVolume 100
AudioOutputMethod "alsa"
AudioALSADevice "default"
AddModule "tts-pipeline" "{module}" "" "{folder}/module.log"
DefaultModule "tts-pipeline"
"""


@pytest.fixture
def dispatcher(tiny_voice: Path, tmp_path: Path) -> Iterator[Path]:
    """A real speech-dispatcher with our module, whose sound goes into a file."""
    if shutil.which("speech-dispatcher") is None or shutil.which("spd-say") is None:
        pytest.skip("speech-dispatcher is not installed")
    sink = f'pcm.!default {{ type file slave.pcm null file "{tmp_path}/out.raw" format raw }}'
    (tmp_path / "asound.conf").write_text(f"</usr/share/alsa/alsa.conf>\n{sink}\n")
    module = tmp_path / "module"
    module.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m tts_pipeline speechd-module '
        f'--voice "{tiny_voice}" "$@"\n'
    )
    module.chmod(0o755)
    for name in ("modules", "clients"):
        (tmp_path / name).mkdir()
    (tmp_path / "speechd.conf").write_text(CONFIG.format(folder=tmp_path, module=module))
    command = ["speech-dispatcher", "-s", "-C", tmp_path, "-c", "unix_socket", "-t", "0",
               "-S", tmp_path / "socket", "-P", tmp_path / "pid"]  # fmt: skip
    process = subprocess.Popen(
        command,
        env={**environment(), "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "socket").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield tmp_path
    finally:
        process.terminate()
        process.wait(20)


def _spd_say(folder: Path, *arguments: str) -> str:
    address = f"unix_socket:{folder / 'socket'}"
    environment_ = {**os.environ, "SPEECHD_ADDRESS": address}
    done = subprocess.run(
        ["spd-say", *arguments], env=environment_, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _heard(folder: Path, start: int = 0) -> np.ndarray:
    return np.frombuffer((folder / "out.raw").read_bytes()[2 * start :], "<i2") / 32767


def test_a_real_speech_dispatcher(dispatcher: Path, tiny_voice: Path) -> None:
    assert "tts-pipeline" in _spd_say(dispatcher, "-O")
    _spd_say(dispatcher, "-w", "Hello there & <welcome>.")
    heard = _heard(dispatcher)
    expected = synthesize("Hello there & <welcome>.", voice=tiny_voice).samples
    # Its volume scales the samples.
    assert len(heard) >= len(expected)
    gain = heard[: len(expected)] @ expected / (expected @ expected)
    np.testing.assert_allclose(heard[: len(expected)], gain * expected, atol=2e-4)
    place = len(heard)
    _spd_say(dispatcher, "-w", "-c", "b")
    _spd_say(dispatcher, "-w", "-k", "control_b")
    assert len(_heard(dispatcher, place)) > 2000
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(30)
        client.connect(str(dispatcher / "socket"))
        lines = client.makefile("rw", newline="")

        def told(*sent: str, until: str) -> list[str]:
            lines.write("".join(f"{line}\r\n" for line in sent))
            lines.flush()
            got: list[str] = []
            while not got or not got[-1].startswith(until):
                got.append(lines.readline().strip())
                assert got[-1], got
            return got

        told("SET SELF CLIENT_NAME a:test:main", until="208")
        told("SET SELF NOTIFICATION all on", until="220")
        told("SET SELF SSML_MODE on", until="219")
        got = told("SPEAK", until="230") + told(MARKED, ".", until="702 END")
        marks = [line for line in got if line in ("700-here", "700-there")]
        assert marks == ["700-here", "700-there"]
        told("SPEAK", until="230")
        told("This goes on for a long time. " * 60, ".", until="701 BEGIN")
        told("STOP SELF", until="703 ")
        told("SPEAK", until="230")
        told("And this is the end.", ".", until="702 END")
