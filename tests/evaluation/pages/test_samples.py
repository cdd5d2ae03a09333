"""The published samples: what they claim, and that they can be made again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.evaluation.read_page import read_page
from tts_pipeline.commands.samples import main
from tts_pipeline.evaluation.compare.material import read_rows
from tts_pipeline.evaluation.pages.samples import SENTENCES, arithmetic
from tts_pipeline.voice.voice import Voice

FOLDER = Path(__file__).resolve().parents[3] / "samples"
MOST_BYTES = 15_000_000
# Another processor adds up in another order. What it rounds otherwise, 1e-7 of it, is summed in
# the phase of the pulses, so that samples move with time: within 1.7 s by one step of 16 bits
# (AVX2, and SSE, in place of AVX-512), within 10 s by up to 16. So the shortest one is made again.
# The same goes for code that adds up in another order; only where nothing of it has changed must
# every sample be the same.
STEPS_ELSEWHERE = 2


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads((FOLDER / "manifest.json").read_text())


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice.load()


def test_manifest_tells_of_every_file(manifest, voice) -> None:
    told = {item["file"] for item in manifest["samples"]}
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.flac")}
    assert told == there
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < MOST_BYTES
    sentences = {row.name: row.text for row in read_rows(FOLDER / "sentences.tsv")}
    strategies = {item["strategy"] for item in manifest["samples"]}
    default = voice.default_acoustic
    assert strategies >= {"autoregressive", default, "autoregressive-griffin-lim"}
    for item in manifest["samples"]:
        info = soundfile.info(FOLDER / item["file"])
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        assert info.duration == pytest.approx(item["seconds"])
        assert item["text"] == sentences[item["name"]]
        assert item["rtf"] > 0 and item["version"] and item["seed"] >= 0
        assert item["voice"] == manifest["voice"]["fingerprint"]
    full = [item["name"] for item in manifest["samples"] if item["strategy"] == default]
    assert full == list(sentences)


def test_samples_are_of_the_voice_that_ships(manifest, voice) -> None:
    assert manifest["voice"]["fingerprint"] == voice.fingerprint, "run: tts-pipeline samples"


def test_one_is_made_again(manifest, tmp_path) -> None:
    item = min(
        (item for item in manifest["samples"] if item["strategy"] == "autoregressive"),
        key=lambda item: item["seconds"],
    )
    (tmp_path / SENTENCES).write_text(f"{item['name']}\t{item['text']}\n", encoding="utf-8")
    seed = str(item["seed"])
    assert main(["--out", str(tmp_path), "--strategies", "autoregressive", "--seed", seed]) == 0
    made, published = (
        soundfile.read(folder / item["file"], dtype="int16")[0] for folder in (tmp_path, FOLDER)
    )
    assert made.shape == published.shape
    steps = np.abs(made.astype(int) - published).max()
    assert steps <= (0 if arithmetic() == manifest["arithmetic"] else STEPS_ELSEWHERE)


def test_pages_play_what_is_there(manifest) -> None:
    page = read_page(FOLDER / "index.html")
    sounds = [item["src"] for item in page.all("audio")]
    assert sorted(map(str, sounds)) == sorted(item["file"] for item in manifest["samples"])
    pictures = [str(item["src"]) for item in page.all("img")]
    assert pictures and all((FOLDER / picture).is_file() for picture in pictures)
    links = [str(item["href"]) for item in page.all("a")]
    assert all((FOLDER / link).is_file() for link in links)
    assert "../README.md" in links
    assert not re.search(r"https?://", (FOLDER / "index.html").read_text())
    listed = re.findall(r"\]\(([^)?]+\.flac)\?raw=true\)", (FOLDER / "README.md").read_text())
    assert sorted(listed) == sorted(item["file"] for item in manifest["samples"])


def test_readme_is_one_click_from_the_samples() -> None:
    text = (FOLDER.parent / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert {"samples/README.md", "samples/index.html"} <= set(links)
    assert all((FOLDER.parent / link.split("?")[0]).exists() for link in links if ":" not in link)


def test_sentences_are_not_in_the_training_texts(shared_dir: Path) -> None:
    def words(text: str) -> list[str]:
        return re.sub("[^a-z ]", "", text.lower()).split()

    runs = set()
    for line in (shared_dir / "corpora/kathleen/metadata.csv").read_text().splitlines():
        said = words(line.split("|")[1])
        runs |= {tuple(said[k : k + 4]) for k in range(len(said) - 3)}
    for row in read_rows(FOLDER / "sentences.tsv"):
        said = words(row.text)
        assert not runs & {tuple(said[k : k + 4]) for k in range(len(said) - 3)}, row.text


def test_command_on_a_voice_that_hums(tiny_voice, tmp_path, capsys) -> None:
    sentences = tmp_path / "sentences.tsv"
    sentences.write_text("a\tGo home.\nb\tStay <here>.\n")
    options = ["--out", str(tmp_path), "--voice", str(tiny_voice), "--strategies", "autoregressive"]
    assert main(options) == 0
    made = json.loads((tmp_path / "manifest.json").read_text())
    assert [(item["name"], item["seed"]) for item in made["samples"]] == [("a", 0), ("b", 1)]
    sounds = {path: path.read_bytes() for path in tmp_path.rglob("*.flac")}
    assert len(sounds) == 2 and "2 sounds" in capsys.readouterr().out
    assert "Stay &lt;here&gt;." in (tmp_path / "index.html").read_text()
    assert not (tmp_path / "parts").exists()
    assert main(options) == 0
    assert {path: path.read_bytes() for path in sounds} == sounds
