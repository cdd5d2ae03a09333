"""The pages beside published samples: to listen in a browser, and where Markdown is read."""

from __future__ import annotations

from pathlib import Path

from tts_pipeline.evaluation.compare.findings import number
from tts_pipeline.evaluation.pages.html import escape, page, player, readme_link
from tts_pipeline.evaluation.pages.manifest import Manifest
from tts_pipeline.evaluation.tables import markdown

_COMMAND = "tts-pipeline samples"
# Where ``tts-pipeline compare --public`` is asked to write the report that is published.
COMPARISON = "comparison.html"
# ... and ``--explain`` the page that explains the strategies.
STRATEGIES = "strategies.html"


def samples_html(manifest: Manifest, file: Path) -> str:
    """A page that plays the files beside it, side by side; it opens without a server.

    Args:
        manifest: of the samples.
        file: where the page is going to lie, for its link to README.
    """
    voice = manifest.voice
    readme = readme_link(file)
    home = f' <a href="{escape(readme)}">About tts_pipeline (README)</a>.' if readme else ""
    if (file.parent / COMPARISON).is_file():
        home += f' <a href="{COMPARISON}">What each strategy costs, in figures</a>.'
    if (file.parent / STRATEGIES).is_file():
        home += f' <a href="{STRATEGIES}">The strategies explained</a>.'
    labels = manifest.strategies
    terms = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(label)}</dd>" for name, label in labels.items()
    )
    sections = []
    for name, text in manifest.texts.items():
        own = [item for item in manifest.samples if item.name == name]
        players = "".join(
            player(
                item.strategy,
                f"{item.seconds:.1f} s, made at {number(1 / item.rtf)} x real time",
                escape(item.file),
                escape(item.picture),
                text,
            )
            for item in own
        )
        sections.append(
            f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(text)}</h2>'
            f'<div class="sounds">{players}</div></section>'
        )
    body = (
        f"<header><h1>Samples of the voice {escape(voice.name)}</h1>"
        f"<p>The same sentences, none of them in the training texts, through every strategy that "
        f"speaks from text. Made by <code>{_COMMAND}</code>; nothing was chosen or edited.{home}"
        f'</p><dl>{terms}</dl><p class="soft">Voice {escape(voice.fingerprint[:12])}, '
        f"tts_pipeline {escape(manifest.version)}, one thread of "
        f"{escape(manifest.machine.processor)}. Text, seed, versions and speed of each "
        'file are in <a href="manifest.json">manifest.json</a>.</p></header>'
        f"<main>{''.join(sections)}</main>"
    )
    return page(f"Samples of the voice {voice.name}", body)


def samples_markdown(manifest: Manifest, folder: Path) -> str:
    """A table of links to the sounds.

    Args:
        manifest: of the samples.
        folder: of the samples.
    """
    labels = manifest.strategies
    files = {(item.name, item.strategy): item for item in manifest.samples}
    rows = []
    for name, text in manifest.texts.items():
        cells = [text.replace("|", "\\|")]
        for strategy in labels:
            item = files.get((name, strategy))
            cells.append(f"[{item.seconds:.1f} s]({item.file}?raw=true)" if item else "")
        rows.append(cells)
    terms = "\n".join(f"- **{name}**: {label}" for name, label in labels.items())
    voice = manifest.voice
    parts = [
        f"# Samples of the voice {voice.name}",
        "In a copy of the repository open `index.html` in a browser: it plays the sounds side by "
        "side with their spectrograms and needs no server. Here, follow a link to a sound.",
        terms,
        markdown(["sentence", *labels], rows),
        f"None of the sentences is in the training texts. Made by `{_COMMAND}` with the voice "
        f"`{voice.fingerprint[:12]}`; text, strategy, seed, versions and speed of each file are "
        "in `manifest.json`, and a test makes one of them again. They are in the public domain, "
        "as the voice is (CC0 1.0).",
        "[About tts_pipeline](../README.md)"
        + (
            f". What each strategy costs, in figures: open `{COMPARISON}` in a browser."
            if (folder / COMPARISON).is_file()
            else ""
        )
        + (
            f" The strategies explained, with pictures and sounds: open `{STRATEGIES}`."
            if (folder / STRATEGIES).is_file()
            else ""
        ),
    ]
    return "\n\n".join(parts) + "\n"
