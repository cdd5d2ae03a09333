from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.small_corpus import speech_like
from tts_pipeline.corpus.doctor import Diagnosis, examine, format_report
from tts_pipeline.corpus.recording import measure
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import CorpusError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.training.data.batches import tokenise

RATE = 16000
NAMES = "cat dog hen fox bee cow pig owl elk emu ape yak".split()


def said(text: str, seed: int = 0) -> np.ndarray:
    return speech_like(text, seed=seed)


def noisy(samples: np.ndarray, amplitude: float) -> np.ndarray:
    return samples + amplitude * np.random.default_rng(1).standard_normal(len(samples))


def gap(seconds: float, seed: int = 9) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (1e-4 * noise).astype(np.float32)


def write(root: Path, name: str, samples: np.ndarray, rate: int = RATE) -> None:
    soundfile.write(root / "wavs" / f"{name}.wav", samples, rate, subtype="PCM_16")


TEXT = "a small bird sang to us in the old tree"

# Each planted fault: row id, text, what is recorded, the kind that must be found, and if it stops
# training. The first words of the texts differ so that no two rows share text and sound.
SOUNDS: dict[str, tuple[str, np.ndarray | None, bool]] = {
    "clipping": (f"one {TEXT}", np.clip(12 * said(f"one {TEXT}"), -0.99, 0.99), True),
    "few-clipped": (f"two {TEXT}", said(f"two {TEXT}").clip(-0.55, 0.55), False),
    "leading-silence": (f"so {TEXT}", np.concatenate([gap(1.5), said(f"so {TEXT}")]), False),
    "trailing-silence": (f"no {TEXT}", np.concatenate([said(f"no {TEXT}"), gap(1.5)]), False),
    "long-pause": (
        f"{TEXT} and more and more",
        np.concatenate([said(TEXT), gap(1.1), said("and more and more")]),
        False,
    ),
    "cut-edge": (f"go {TEXT}", said(f"go {TEXT}")[4000:], False),
    "noise": (f"hi {TEXT}", noisy(said(f"hi {TEXT}"), 0.02), False),
    "offset": (f"my {TEXT}", said(f"my {TEXT}") + 0.05, False),
    "level": (f"an {TEXT}", 0.03 * said(f"an {TEXT}") + 0.97 * 1e-6, False),
    "speaking-rate-long": (f"as {TEXT} and many more words that nobody says", said("a cat"), True),
    "speaking-rate-short": ("oh", said(f"oh {TEXT}"), True),
    "too-short": ("a", np.concatenate([gap(0.2), said("a")[1600:2560], gap(0.2)]), True),
    "too-long": ("la " * 230, said("la " * 230), True),
    "duration": ("we " * 60, said("we " * 60), False),
    "duplicate-sound-text": ("some other words", said("the cat sat here"), True),
    "duplicate-sound": ("the cat sat here", said("the cat sat here"), False),
    "unknown-character": ("a tree ☃ and a bird", said("a tree and a bird"), True),
    "foreign": ("a tree и a bird", said("a tree i a bird"), True),
    "silent": (f"if {TEXT}", np.zeros(20000), True),
    "one-sample": (f"up {TEXT}", np.full(1, 0.5), True),
}
KINDS = {
    "few-clipped": "clipping",
    "speaking-rate-long": "speaking-rate",
    "speaking-rate-short": "speaking-rate",
    "duplicate-sound-text": "duplicate-sound",
    "foreign": "unknown-character",
    "silent": "bad-audio",
    "one-sample": "bad-audio",
}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Diagnosis, dict[str, int]]:
    """Diagnosis of 30 good rows with every fault among them, and the line of each row."""
    root = tmp_path_factory.mktemp("damaged")
    (root / "wavs").mkdir()
    rows: list[tuple[str, str]] = []
    for seed in range(30):
        text = f"the {NAMES[seed % 12]} and the {NAMES[seed // 12 + 3]} sat in the sun"
        rows.append((f"good_{seed}", text))
        write(root, f"good_{seed}", said(text, seed))
    rows.append(("good_30", "the cat sat here"))
    write(root, "good_30", said("the cat sat here"))
    for name, (text, samples, _) in SOUNDS.items():
        rows.append((name, text))
        write(root, name, samples)
    for name in ("corrupt", "truncated", "sample-rate"):
        rows.append((name, f"{name.split('-')[0]} words of the old man"))
    (root / "wavs" / "corrupt.wav").write_bytes(b"no wav at all" * 100)
    write(root, "truncated", said(rows[-2][1]))
    whole = (root / "wavs" / "truncated.wav").read_bytes()
    (root / "wavs" / "truncated.wav").write_bytes(whole[: len(whole) // 2])
    write(root, "sample-rate", speech_like(rows[-1][1], sample_rate=22050), 22050)
    rows += [("missing-audio", "never recorded"), ("empty-text", ""), ("good_3", "again")]
    write(root, "empty-text", said("a cat"))
    write(root, "missing-row", said("nobody wrote this down"))
    lines = {name: line for line, (name, _) in enumerate(rows, 1)}
    content = "".join(f"{name}|{text}\n" for name, text in rows)
    (root / "metadata.csv").write_text(content, encoding="utf-8")
    return examine(root), lines


@pytest.mark.parametrize("name", SOUNDS)
def test_planted_fault_is_found(damaged, name):
    diagnosis, lines = damaged
    kind, error = KINDS.get(name, name), SOUNDS[name][2]
    found = {(fault.kind, fault.error) for fault in diagnosis.faults if fault.id == name}
    assert (kind, error) in found
    fault = next(item for item in diagnosis.faults if item.id == name and item.kind == kind)
    assert (fault.source.name, fault.line) == ("metadata.csv", lines[name])


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("corrupt", "bad-audio", True),
        ("truncated", "bad-audio", True),
        ("sample-rate", "sample-rate", False),
        ("missing-audio", "missing-audio", True),
        ("empty-text", "empty-text", True),
        ("good_3", "duplicate-id", True),
        ("missing-row", "missing-row", False),
    ],
)
def test_planted_file_fault_is_found(damaged, name, kind, error):
    diagnosis, lines = damaged
    (fault,) = [item for item in diagnosis.faults if item.id == name]
    assert (fault.kind, fault.error) == (kind, error)
    assert fault.line == lines.get(name, 1)


def test_good_rows_have_no_fault(damaged):
    diagnosis, _ = damaged
    doubted = {fault.id for fault in diagnosis.faults if fault.kind != "duplicate-id"}
    assert not [name for name in doubted if name.startswith("good")]


def test_report_names_each_bad_row_and_the_verdict(damaged):
    diagnosis, _ = damaged
    report = format_report(diagnosis)
    for fault in diagnosis.errors:
        assert f"metadata.csv:{fault.line}: {fault.id}: " in report
    assert f"not fit for training; correct {len(diagnosis.errors)} errors" in report
    assert "sample rate    16000 Hz" in report and "22050 Hz: 1 files" in report
    with pytest.raises(CorpusError, match="corrupt"):
        diagnosis.require_healthy()


def test_excluding_the_bad_rows_makes_it_fit(damaged):
    diagnosis, _ = damaged
    bad = {fault.id for fault in diagnosis.errors}
    again = examine(diagnosis.corpus.root, exclude=bad)
    assert again.healthy and again.require_healthy().excluded == tuple(sorted(bad))
    report = format_report(again)
    assert f"{len(bad)} excluded by name" in report and "verdict: fit for training" in report


def test_warnings_are_shortened_errors_never(damaged):
    report = format_report(damaged[0], max_warnings=0)
    assert "... and 1 more [leading-silence]" in report
    assert report.count("metadata.csv:") >= len(damaged[0].errors)


def test_tiny_corpus_is_fit(tiny_corpus, tmp_path):
    diagnosis = examine(tiny_corpus)
    assert diagnosis.healthy and len(diagnosis.recordings) == 8
    shutil.copytree(tiny_corpus, tmp_path / "copy")
    (tmp_path / "copy" / "wavs" / "tiny_01.wav").unlink()
    assert not examine(tmp_path / "copy").healthy


def test_corpus_without_a_usable_recording(tmp_path):
    (tmp_path / "wavs").mkdir()
    (tmp_path / "metadata.csv").write_text("a|one\nb|two\n")
    (tmp_path / "wavs" / "a.wav").touch()
    diagnosis = examine(tmp_path)
    kinds = [fault.kind for fault in diagnosis.errors]
    assert kinds[-2:] == ["bad-audio", "missing-audio"]
    assert set(kinds[:-2]) == {"no-valid", "no-test"}
    assert "not fit for training" in format_report(diagnosis)


def test_measurements(tmp_path):
    rng = np.random.default_rng(4)
    tone = 0.1 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)
    wave = np.concatenate([np.zeros(8000), tone, np.zeros(4800), tone, np.zeros(3200)])
    wave += 10 ** (-70 / 20) * rng.standard_normal(len(wave)) + 0.002
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    item = measure(tmp_path / "a.wav")
    assert item.duration_s == pytest.approx(len(wave) / RATE)
    assert item.leading_s == pytest.approx(0.5, abs=0.011)
    assert item.trailing_s == pytest.approx(0.2, abs=0.011)
    assert item.pause_s == pytest.approx(0.3, abs=0.021)
    assert item.speech_s == pytest.approx(2.3, abs=0.021)
    assert item.level_db == pytest.approx(-23.01, abs=0.3)
    assert item.noise_db == pytest.approx(-70, abs=1.5)
    assert item.offset == pytest.approx(0.002, abs=1e-4)
    assert item.clipped_share == 0
    soundfile.write(tmp_path / "b.wav", (2 * tone).clip(-0.15, 0.15), RATE, subtype="FLOAT")
    assert measure(tmp_path / "b.wav").clipped_share == pytest.approx(0.46, abs=0.05)


def test_measurements_of_the_public_corpus(shared_dir):
    wavs = shared_dir / "corpora" / "kathleen" / "wavs"
    # From the corpus' README and list of doubtful recordings.
    assert measure(wavs / "arctic_b0531_1.flac").trailing_s == pytest.approx(1.1, abs=0.1)
    assert measure(wavs / "arctic_a0511_1.flac").noise_db > -50
    items = [measure(path) for path in sorted(wavs.glob("arctic_a01*_1.flac"))]
    assert np.mean([item.level_db for item in items]) == pytest.approx(-28.8, abs=1.0)
    assert np.mean([item.level_db - item.noise_db for item in items]) == pytest.approx(33, abs=2)
    assert np.mean([item.offset for item in items]) == pytest.approx(0.0007, abs=1e-4)
    assert not any(item.clipped_share for item in items)


def small(root: Path, texts: list[str], sounds: list[np.ndarray] | None = None) -> Path:
    (root / "wavs").mkdir(parents=True)
    for number, text in enumerate(texts):
        write(root, f"u{number}", sounds[number] if sounds else said(text, number))
    rows = "".join(f"u{number}|{text}\n" for number, text in enumerate(texts))
    (root / "metadata.csv").write_text(rows, encoding="utf-8")
    return root


@pytest.mark.parametrize("n_rows", [1, 2, 3, 12])
def test_whether_so_few_recordings_can_be_trained_on(tmp_path, n_rows):
    texts = [f"the {name} and the bird sat in the sun" for name in NAMES[:n_rows]]
    diagnosis = examine(small(tmp_path / "c", texts))
    assert diagnosis.healthy == (n_rows >= 3)
    if n_rows < 3:
        assert "no usable recording in the valid set" in format_report(diagnosis)


def test_texts_that_the_front_end_refuses_are_named_by_row(tmp_path):
    texts = ["<speak>a cat <break</speak>", "a [[cat dog", "the dog ran 日本", "the cat sat there"]
    front_end = EnglishFrontEnd()
    diagnosis = examine(small(tmp_path / "c", texts), front_end=front_end)
    found = {fault.line for fault in diagnosis.errors if fault.kind == "unspeakable"}
    expected = set()
    for line, text in enumerate(texts, 1):
        row = Utterance("u", text, Path("u.wav"), line, "train")
        try:
            tokenise([row], front_end)
        except CorpusError as error:
            assert f"metadata.csv:{line}: u: " in str(error)
            expected.add(line)
    assert found == expected and {1, 3} <= found and 4 not in found


def whispered(samples: np.ndarray, seed: int) -> np.ndarray:
    """The same envelope on noise."""
    rng = np.random.default_rng(seed)
    envelope = np.convolve(np.abs(samples), np.ones(320) / 320, "same")
    return (envelope * rng.standard_normal(len(samples))).clip(-0.9, 0.9)


def test_whispered_recordings_are_named_and_a_whispered_corpus_as_a_whole(tmp_path):
    texts = [f"the {name} and the bird sat in the sun" for name in NAMES[:6]]
    sounds = [said(text, number) for number, text in enumerate(texts)]
    one = examine(small(tmp_path / "one", texts, [whispered(sounds[0], 0), *sounds[1:]]))
    assert one.healthy
    assert [fault.line for fault in one.warnings if fault.kind == "unvoiced"] == [1]
    all_of_them = [whispered(sound, number) for number, sound in enumerate(sounds)]
    diagnosis = examine(small(tmp_path / "all", texts, all_of_them))
    assert diagnosis.healthy, "training does not refuse it"
    assert [fault.kind for fault in diagnosis.warnings if not fault.id] == ["no-f0"]
    assert "only 0 of 6 recordings have an F0" in format_report(diagnosis)
