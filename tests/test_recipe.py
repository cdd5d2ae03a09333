from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from tests.small_corpus import speech_like
from tests.toy_families import SYLLABLES, SyllableFrontEnd
from tts_pipeline.commands.doctor import SHIPPED_RECIPE
from tts_pipeline.commands.train import default_runs, main
from tts_pipeline.config import load_yaml
from tts_pipeline.corpus.corpus import read_names
from tts_pipeline.corpus.texts import read_texts
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.recipe import Recipe, RecipeConfig
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.training.data.alignments import recordings_of
from tts_pipeline.training.estimate import work_of
from tts_pipeline.training.stages import Stage, task_names
from tts_pipeline.voice.defaults import Defaults
from tts_pipeline.voice.front_ends import FRONT_ENDS
from tts_pipeline.voice.models import KINDS
from tts_pipeline.voice.voice import Voice

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "recipes"
CONFIGS = [RECIPES / name / file for name in ("kathleen", "ljspeech") for file in
           ("config.yaml", "debug.yaml")]  # fmt: skip

TRAIN = "import sys; from tts_pipeline.cli import main; sys.exit(main(['train', *sys.argv[1:]]))"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_recipes_can_be_read(path):
    config = load_yaml(RecipeConfig, path)
    assert config.voice.limits and config.voice.licence
    if path.stem == "debug":
        assert {stage.settings.loop.max_steps for stage in config.stages} == {10}
    for file, read in ((config.exclude, read_names), (config.texts, read_texts)):
        assert file is None or read(path.parent / file)


def test_the_estimate_counts_every_stage_of_the_recipe_in_the_package():
    path = RECIPES / "kathleen" / "config.yaml"
    assert path.read_text() == SHIPPED_RECIPE.read_text()
    stages = load_yaml(RecipeConfig, path).stages
    work = work_of(stages)
    assert list(work) == ["align", "acoustic", "vocoder", "finetune", "wavenet"]
    # Core seconds as taken on the machine of the calibration.
    seconds = {name: gflop / 97 for name, gflop in work.items()}
    assert 6000 < seconds["wavenet"] < 7500, "two hours"
    assert seconds["acoustic"] == pytest.approx(2700)
    twice = {**stages[0].config, "loop": {**stages[0].config["loop"], "batch_size": 32}}
    assert work_of([dataclasses.replace(stages[0], config=twice)])["align"] == 2 * work["align"]


def changed(content: dict, number: int, **values) -> dict:
    stages = [dict(stage) for stage in content["stages"]]
    stages[number].update(values)
    return {**content, "stages": stages}


@pytest.mark.parametrize(
    ("number", "values", "message"),
    [
        (0, {"task": "none"}, r"task='none': expected one of acoustic, align, "),
        (1, {"name": "align"}, "stages.align: there is a stage of this name already"),
        (1, {"name": "prepare"}, "stages.prepare: there is a stage of this name"),
        (1, {"name": "a/b"}, "stages: name 'a/b', expected that of a folder"),
        (1, {"config": {"loops": 1}}, r"stages.acoustic.config.loops: unknown key"),
        (1, {"from": {"vocoder": "align"}}, "stages.acoustic.from.vocoder: task 'acoustic' takes"),
        (3, {"from": {"vocoder": "wavenet"}}, "needs 'vocoder' from stage 'wavenet', which is not"),
        (
            3,
            {"form": {}},
            r"stages\[3\].form: unknown key, expected one of name, task, ",
        ),
    ],
)
def test_faults_of_the_list_of_stages_are_named(tmp_path, number, values, message):
    content = yaml.safe_load((RECIPES / "kathleen" / "debug.yaml").read_text())
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(changed(content, number, **values)))
    with pytest.raises(ConfigError, match=message):
        load_yaml(RecipeConfig, path)


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ({"acoustic": "autoregressive+flow-refiner"}, "'flow-refiner' is no model of it.*refiner"),
        ({"vocoder": "autoregressive"}, "'autoregressive' is of role acoustic.*parallel, wavenet"),
        ({"speed": 1}, r"voice\.defaults\.speed: unknown key"),
    ],
)
def test_a_default_that_no_stage_trains_is_named_before_any_training(tmp_path, defaults, message):
    content = yaml.safe_load((RECIPES / "kathleen" / "debug.yaml").read_text())
    content["voice"]["defaults"] = {"vocoder": "wavenet"}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(content))
    assert load_yaml(RecipeConfig, path).voice.defaults == Defaults(vocoder="wavenet")
    content["voice"]["defaults"] = defaults
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=message):
        load_yaml(RecipeConfig, path)


def test_a_stage_may_build_on_one_of_another_name(tmp_path):
    content = yaml.safe_load((RECIPES / "kathleen" / "debug.yaml").read_text())
    content = changed(content, 2, name="first")
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(changed(content, 3, **{"from": {"vocoder": "first"}})))
    stage = load_yaml(RecipeConfig, path).stages[3]
    assert stage.needs == {"vocoder": "first", "acoustic": "acoustic"}


@pytest.mark.parametrize("task", task_names())
def test_every_task_can_be_a_stage(task):
    loop = {"max_steps": 10, "batch_size": 4, "learning_rate": 1e-3}
    stage = Stage("some", task, {"loop": loop})
    assert stage.settings.loop.max_steps == 10 and callable(stage.module.make_task)
    assert stage.kind in KINDS and stage.model_name
    assert 0 < stage.gflop() < 1e6
    assert set(stage.needs) <= {"acoustic", "vocoder", "codes"}
    longer = dataclasses.replace(stage, config={"loop": {**loop, "max_steps": 20}})
    assert longer.gflop() == pytest.approx(2 * stage.gflop())


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
    debug = yaml.safe_load((RECIPES / "kathleen" / "debug.yaml").read_text())
    content["stages"].append(debug["stages"][4])
    for stage in content["stages"]:
        stage["config"]["loop"] |= {"max_steps": 4, "batch_size": 2, "validate_every": 2}
    content |= {"texts": "texts.tsv", "exclude": "exclude.txt", "n_workers": 1}
    content["max_utterances"] = 0
    content["stages"][2]["config"] |= {"adversarial_from": 3}
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
    assert (runs / "voice" / "recipe.yaml").read_text().startswith("exclude:")
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
    (found,) = recordings_of(test, recipe.tokens, recipe.store("test"), runs / "durations")
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
    with pytest.raises(CorpusError, match="tiny_99: no such utterance"):
        main([str(path), str(tiny_corpus), "--runs", str(tmp_path / "runs")])
    (tmp_path / "texts.tsv").write_text("tiny_02 Who?\n")
    with pytest.raises(
        CorpusError, match=r"texts\.tsv:1: expected name<TAB>text, found 'tiny_02 Who\?'"
    ):
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


SYLLABLE_TEXTS = ("kaki mo", "natoku kamo", "tona ki", "mokaku nato", "kikimo")


@pytest.fixture
def syllable_corpus(tmp_path) -> Path:
    """Five recordings in a language of six syllables; any speech-like sound will do."""
    root = tmp_path / "syllables"
    (root / "wavs").mkdir(parents=True)
    rows = []
    for number, text in enumerate(SYLLABLE_TEXTS):
        samples = speech_like(text, seed=number)
        soundfile.write(root / "wavs" / f"s{number}.wav", samples, 16000, subtype="PCM_16")
        rows.append(f"s{number}|{text}\n")
    (root / "metadata.csv").write_text("".join(rows))
    return root


def test_a_front_end_with_an_alphabet_of_its_own_is_trained_and_spoken(
    syllable_corpus, tmp_path, monkeypatch
):
    """With a second acoustic model in the list, which one more stage brings into the voice."""
    from tts_pipeline import synthesize

    monkeypatch.setitem(FRONT_ENDS, "x-syllables", SyllableFrontEnd)
    content = yaml.safe_load((RECIPES / "ljspeech" / "debug.yaml").read_text())
    content["voice"] |= {"name": "syllables", "language": "x-syllables"}
    content["n_workers"] = 1
    content["stages"] = content["stages"][:3]
    loop = content["stages"][1]["config"]["loop"]
    decoder = {"channels": 32, "hidden": 32, "n_blocks": 1}
    one_shot = {"loop": loop, "model": {"token_channels": 32, "decoder": decoder}}
    content["stages"].append({"name": "second", "task": "one_shot", "config": one_shot})
    content["voice"]["defaults"] = {"acoustic": "one-shot"}
    path, runs = tmp_path / "recipe.yaml", tmp_path / "runs"
    path.write_text(yaml.safe_dump(content))
    fixed = [str(path), str(syllable_corpus), "--runs", str(runs), "--accelerator", "cpu"]
    main([*fixed, "--stop-stage", "package"])
    voice = Voice.load(runs / "voice")
    assert voice.alphabet == SYLLABLES and list(voice.acoustics) == ["one-shot", "autoregressive"]
    assert voice.default_acoustic == "one-shot" and "Default acoustic: `one-shot`" in voice.card
    assert voice.module("autoregressive").alphabet == SYLLABLES
    assert voice.names("aligner") == ["aligner"]
    for acoustic in voice.names("acoustic"):
        audio = synthesize("kaki tomo.", voice=voice, acoustic=acoustic)
        assert len(audio.samples) >= 480 and np.isfinite(audio.samples).all()
        assert {stamp.text for stamp in audio.timestamps} >= {"kaki", "tomo"}
    assert "| second | 10 | 1 |" in voice.card
