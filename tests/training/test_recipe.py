from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tts_pipeline.config import load_yaml
from tts_pipeline.corpus.corpus import read_names
from tts_pipeline.corpus.texts import read_texts
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.recipe import Recipe, RecipeConfig, default_runs, main
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.training.data.alignments import recordings_of
from tts_pipeline.training.estimate import STAGES as COSTS
from tts_pipeline.voice.voice import Voice

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
CONFIGS = [RECIPES / name / file for name in ("kathleen", "ljspeech") for file in
           ("config.yaml", "debug.yaml")]  # fmt: skip

TRAIN = "import sys; from tts_pipeline.cli import main; sys.exit(main(['train', *sys.argv[1:]]))"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_recipes_can_be_read(path):
    config = load_yaml(RecipeConfig, path)
    assert config.voice.limits and config.voice.licence
    if path.stem == "debug":
        loops = [config.align.loop, config.acoustic.loop, config.vocoder.loop, config.finetune.loop]
        loops += [config.wavenet.loop] if config.wavenet else []
        assert {loop.max_steps for loop in loops} == {10}
    for file, read in ((config.exclude, read_names), (config.texts, read_texts)):
        assert file is None or read(path.parent / file)


def test_the_estimate_counts_the_steps_of_the_recipe():
    config = load_yaml(RecipeConfig, RECIPES / "kathleen" / "config.yaml")
    steps = {cost.name: cost.steps for cost in COSTS}
    assert steps["align"] == config.align.loop.max_steps
    assert steps["acoustic"] == config.acoustic.loop.max_steps
    assert steps["fine-tune"] == config.finetune.loop.max_steps
    both = steps["vocoder"] + steps.get("adversarial vocoder", 0)
    assert both == config.vocoder.loop.max_steps
    assert steps["vocoder"] == min(both, config.vocoder.adversarial_from)


def test_excluded_recordings_are_not_in_valid_or_test(shared_dir):
    corpus, recipe = shared_dir / "corpora" / "kathleen", RECIPES / "kathleen"
    excluded = read_names(recipe / "exclude.txt").keys()
    texts = read_texts(recipe / "texts.tsv")
    train = read_names(corpus / "train.txt").keys()
    assert excluded <= train and not excluded & texts.keys()
    known = {line.split("|")[0] for line in (corpus / "metadata.csv").read_text().splitlines()}
    assert texts.keys() <= known


def test_default_folders():
    assert default_runs(RECIPES / "kathleen" / "config.yaml") == Path("runs/kathleen")
    assert default_runs(RECIPES / "kathleen" / "debug.yaml") == Path("runs/kathleen-debug")


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory) -> Path:
    """The debug recipe, shorter still."""
    content = yaml.safe_load((RECIPES / "ljspeech" / "debug.yaml").read_text())
    for stage in ("align", "acoustic", "vocoder", "finetune"):
        content[stage]["loop"] |= {"max_steps": 4, "batch_size": 2, "validate_every": 2}
    content |= {"texts": "texts.tsv", "exclude": "exclude.txt", "n_workers": 1}
    content["max_utterances"] = 0
    content["vocoder"] |= {"adversarial_from": 3}
    debug = yaml.safe_load((RECIPES / "kathleen" / "debug.yaml").read_text())
    content["wavenet"] = debug["wavenet"]
    content["wavenet"]["loop"] |= {"max_steps": 4, "batch_size": 2, "validate_every": 2}
    path = tmp_path_factory.mktemp("recipe") / "debug.yaml"
    path.write_text(yaml.safe_dump(content))
    path.with_name("texts.tsv").write_text("tiny_02\tGo home now, friend!\n")
    path.with_name("exclude.txt").write_text("tiny_01  # for a reason\n")
    return path


@pytest.fixture(scope="module")
def runs(recipe_file, tiny_corpus, tmp_path_factory) -> Path:
    """The recipe up to the packaged voice: killed in the vocoder stage, then gone on with."""
    runs = tmp_path_factory.mktemp("runs")
    fixed = [str(recipe_file), str(tiny_corpus), "--runs", str(runs), "--accelerator", "cpu"]
    main([*fixed, "--stop-stage", "acoustic"])
    with subprocess.Popen(
        [sys.executable, "-c", TRAIN, *fixed, "--stage", "vocoder"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not (runs / "vocoder" / "best.json").exists():
            time.sleep(0.005)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
    main([*fixed, "--stage", "vocoder", "--stop-stage", "package"])
    return runs


def test_the_voice_of_a_recipe_loads_and_speaks(runs):
    from tts_pipeline import synthesize

    voice = Voice.load(runs / "voice")
    audio = synthesize("The cat sat.", voice=voice)
    assert audio.sample_rate == 16000 and len(audio.samples) > 1000
    assert (runs / "voice" / "recipe.yaml").read_text().startswith("acoustic:")
    slowly = synthesize("The cat sat.", voice=voice, vocoder="wavenet")
    assert len(slowly.samples) == len(audio.samples)
    stages = "| finetune | 4 | 1 |", "| wavenet | 4 | 1 | nll "
    for part in ("# ljspeech-debug", "public domain", *stages, "## Limits"):
        assert part in voice.card


def test_every_stage_leaves_its_results(runs):
    for stage in ("align", "acoustic", "vocoder", "finetune", "wavenet"):
        assert (runs / stage / "best.safetensors").exists() and (runs / stage / "last.pt").exists()
        assert list((runs / stage).glob("events.out.tfevents.*"))
    features = {path.stem for path in (runs / "features").glob("*.npz")}
    assert len(features) == 7 and "tiny_01" not in features
    assert {path.stem for path in (runs / "durations").glob("*.npz")} == features
    assert len(list((runs / "plots").glob("alignment-*.png"))) == 1


def test_the_scores_get_on_the_card(runs, recipe_file, tiny_corpus):
    fixed = [str(recipe_file), str(tiny_corpus), "--runs", str(runs), "--accelerator", "cpu"]
    main([*fixed, "--stage", "evaluate"])
    main([*fixed, "--stage", "evaluate"])
    card = Voice.load(runs / "voice").card
    assert card.count("## Scores") == 1 and "share of texts spoken whole" in card
    scores = json.loads((runs / "voice" / "scores.json").read_text())
    assert scores["voice"] == "ljspeech-debug"
    assert len(list((runs / "report" / "pictures").glob("*.png"))) == 1


def test_recordings_of_the_test_set_bring_their_phones(runs, recipe_file, tiny_corpus):
    recipe = Recipe(recipe_file, tiny_corpus, runs, accelerator="cpu")
    test = [u for u in recipe.utterances if u.split == "test"]
    (found,) = recordings_of(test, recipe.tokens(), recipe.store("test"), runs / "durations")
    (sentence,) = EnglishFrontEnd()(test[0].text)[0]
    phones = [phone for word in sentence.words for phone in word.phones]
    assert [name for name, _, _ in found.segments] == phones
    starts, ends = zip(*((start, end) for _, start, end in found.segments))
    assert list(starts) == sorted(starts) and all(e > s for s, e in zip(starts, ends))
    assert ends[-1] <= len(found.waveform) / 16000 and len(found.f0) * 160 == len(found.waveform)


def test_exclusions_and_corrected_texts_are_used(recipe_file, tiny_corpus, tmp_path):
    recipe = Recipe(recipe_file, tiny_corpus, tmp_path, accelerator="cpu")
    texts = {u.id: u.text for u in recipe.utterances}
    assert "tiny_01" not in texts and texts["tiny_02"] == "Go home now, friend!"
    assert texts["tiny_03"] == "A big dog ran to me."


def test_faults_of_a_recipe_are_named(recipe_file, tiny_corpus, tmp_path):
    for file in recipe_file.parent.iterdir():
        shutil.copy(file, tmp_path)
    path = tmp_path / recipe_file.name
    (tmp_path / "texts.tsv").write_text("tiny_99\tWho?\n")
    with pytest.raises(CorpusError, match=r"tiny_99: no such utterance"):
        main([str(path), str(tiny_corpus), "--runs", str(tmp_path / "runs")])
    (tmp_path / "texts.tsv").write_text("tiny_02 Who?\n")
    with pytest.raises(CorpusError, match=r"texts\.tsv:1: 'tiny_02 Who\?', expected id<TAB>text"):
        main([str(path), str(tiny_corpus), "--runs", str(tmp_path / "runs")])
    with pytest.raises(ConfigError, match="--stage package comes after --stop-stage align"):
        main([str(path), str(tiny_corpus), "--stage", "package", "--stop-stage", "align"])
    (tmp_path / "texts.tsv").write_text("tiny_02\tWho?\n")
    with pytest.raises(CorpusError, match="run the prepare stage first"):
        main([str(path), str(tiny_corpus), "--runs", str(tmp_path / "runs"), "--stage", "align"])
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**content, "prepare": {"f0_max": 600.0}}))
    with pytest.raises(ConfigError, match="prepare tracks F0 from 70.0 to 600.0 Hz"):
        main([str(path), str(tiny_corpus), "--runs", str(tmp_path / "runs")])
