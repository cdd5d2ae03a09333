"""Parts of pages that play sounds: tables, spectrograms, players; no file beside the page."""

from __future__ import annotations

import base64
import functools
import html
import io
import os
import string
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import encode_audio
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.evaluation.metrics.packages import load_package

# Natural-log amplitudes from black to white: 60 dB, the span in which speech can be seen.
_DARKEST, _BRIGHTEST = -8.0, -0.5
# Shades; the noise of more of them would only make the picture larger.
_N_SHADES = 48

escape = html.escape


class Cell(NamedTuple):
    """A cell of a table: what is shown, what it is sorted by, and a smaller second line."""

    shown: str
    value: float | str | None = None
    small: str = ""


def page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A whole page: one file that needs no other.

    Args:
        title: plain text.
        body: HTML.
        style: more rules of CSS.
        script: more JavaScript, run when all of the page is there.
    """
    source = Path(__file__).with_name("report_page.html").read_text(encoding="utf-8")
    return string.Template(source).substitute(
        title=escape(title), body=body, style=style, script=script
    )


def table(caption: str, header: Sequence[tuple[str, str]], rows: Sequence[Sequence[Cell]]) -> str:
    """A table that is sorted by a click on a column's name.

    Args:
        caption: plain text.
        header: name of each column and a hint below it.
        rows: the first cell names the row.
    """
    heads = "".join(
        f'<th scope="col"><button type="button">{escape(name)}</button>'
        f"{f'<small>{escape(hint)}</small>' if hint else ''}</th>"
        for name, hint in header
    )
    lines = "".join(f"<tr>{''.join(_cell(k, cell) for k, cell in enumerate(r))}</tr>" for r in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cell(column: int, cell: Cell) -> str:
    tag, scope = ("th", ' scope="row"') if column == 0 else ("td", "")
    value = "" if cell.value is None else escape(str(cell.value))
    small = f"<small>{escape(cell.small)}</small>" if cell.small else ""
    return f'<{tag}{scope} data-value="{value}">{escape(cell.shown)}{small}</{tag}>'


def player(label: str, about: str, sound: str, picture: str, text: str) -> str:
    """A sound with its spectrogram.

    Args:
        label: what made it.
        about: figures of it.
        sound: address of the sound.
        picture: address of its spectrogram.
        text: what is said, for those who cannot see.
    """
    return (
        f'<figure><figcaption><span>{escape(label)}</span><span class="soft">{escape(about)}'
        f'</span></figcaption><img src="{picture}" alt="Spectrogram of {escape(label)}">'
        f'<audio controls preload="metadata" src="{sound}" '
        f'aria-label="{escape(label)}: {escape(text)}"></audio></figure>'
    )


def sound_address(samples: np.ndarray, sample_rate: int) -> str:
    """The sound within the address itself, lossless."""
    return _address("audio/flac", encode_audio(samples, sample_rate, ".flac"))


def spectrogram_address(samples: np.ndarray, audio: AudioConfig) -> str:
    """A picture of the mel within the address itself: low bands below, a column a frame."""
    return _address("image/png", spectrogram_png(log_mel(samples, audio)))


def spectrogram_png(mel: np.ndarray) -> bytes:
    """PNG of a mel ``(M, T)``, a pixel a number, in the colours of magma.

    Raises:
        MissingPackage: if matplotlib or its pillow is not installed.
    """
    share = (mel[::-1] - _DARKEST) / (_BRIGHTEST - _DARKEST)
    shades = np.round(np.clip(share, 0, 1) * (_N_SHADES - 1)).astype(np.uint8)
    picture = load_package("PIL.Image", "the spectrogram").fromarray(shades, mode="P")
    picture.putpalette(_palette())
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


@functools.cache
def _palette() -> bytes:
    magma = load_package("matplotlib", "the spectrogram").colormaps["magma"]
    colours = magma(np.linspace(0, 1, _N_SHADES))[:, :3]
    return np.round(colours * 255).astype(np.uint8).tobytes()


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def readme_link(page_file: Path) -> str | None:
    """Relative address of the project's README from a page, None if there is no copy of it."""
    root = Path(__file__).resolve().parents[3]
    readme = root / "README.md"
    if not readme.is_file() or not (root / "setup.cfg").is_file():
        return None
    return Path(os.path.relpath(readme, page_file.resolve().parent)).as_posix()
