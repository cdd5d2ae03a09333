from __future__ import annotations

import json
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from tests.tiny import make_tiny_voice
from tests.training.spoken_data import AUDIO, make_spoken_data
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.training import side_by_side, strategies
from tts_pipeline.training.data.pack import pack, unpack
from tts_pipeline.training.data.prepare import write_arrays
from tts_pipeline.training.data.prepared import (
    SHIPPED,
    acoustic_of,
    load_prepared,
    stored_weights,
    write_tokens,
)
from tts_pipeline.training.side_by_side import Plan, Training, bundles, halved

N_TRAIN, N_VALID = 4, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What prepare and align leave, of speech-like sounds."""
    root = tmp_path_factory.mktemp("prepared")
    data = make_spoken_data(root / "features", N_TRAIN + N_VALID)
    (root / "durations").mkdir()
    utterances = []
    for number, (name, durations) in enumerate(data.durations.items()):
        write_arrays(root / "durations" / f"{name}.npz", durations=durations.numpy())
        split = "train" if number < N_TRAIN else "valid"
        utterances.append(Utterance(name, name, root, split=split, source=root, line=1))
    write_tokens(root, AUDIO, utterances, data.tokens)
    return root


def test_prepared_utterances_need_no_corpus(folder, tmp_path):
    data = load_prepared(folder, tmp_path)
    assert len(data.train) == N_TRAIN and len(data.valid) == N_VALID and data.audio == AUDIO
    for name in (*data.train.ids, *data.valid.ids):
        with np.load(data.durations / f"{name}.npz") as arrays:
            assert len(arrays["durations"]) == len(data.tokens[name])


def test_a_folder_that_was_not_aligned_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"tokens\.json: missing, run the align stage"):
        load_prepared(tmp_path, tmp_path)


def test_the_acoustic_model_of_any_voice_is_found(tmp_path):
    with pytest.raises(CorpusError, match="no voice .* name another to build on"):
        acoustic_of(tmp_path)
    voice = make_tiny_voice()
    voice.save(tmp_path / "v", dtype="float32")
    ours, found = voice.module("autoregressive").state_dict(), acoustic_of(tmp_path / "v")
    assert not found.training and not any(p.requires_grad for p in found.parameters())
    assert all(torch.equal(ours[key], value) for key, value in found.state_dict().items())


@pytest.mark.parametrize("n_parts", [1, 3])
def test_what_is_packed_comes_out_again_in_coarser_steps(folder, tmp_path, n_parts):
    pack(folder, tmp_path / "pack", step=8, n_parts=n_parts)
    unpack(tmp_path / "pack", tmp_path / "out")
    before, after = (load_prepared(f, tmp_path) for f in (folder, tmp_path / "out"))
    assert before.train.ids == after.train.ids and before.valid.ids == after.valid.ids
    for split in ("train", "valid"):
        for name in getattr(before, split).ids:
            old, new = getattr(before, split)[name], getattr(after, split)[name]
            assert (old.waveform - new.waveform).abs().max() <= 4.01 / 32767
            torch.testing.assert_close(new.f0, old.f0, atol=0, rtol=0)
            with np.load(before.durations / f"{name}.npz") as arrays:
                durations = arrays["durations"]
            with np.load(after.durations / f"{name}.npz") as arrays:
                np.testing.assert_array_equal(arrays["durations"], durations)
            torch.testing.assert_close(before.tokens[name], after.tokens[name])


def test_a_pack_that_lacks_a_part_is_refused(folder, tmp_path):
    pack(folder, tmp_path / "pack")
    (tmp_path / "pack" / "waveforms-1.flac").unlink()
    with pytest.raises(CorpusError, match=r"waveforms-1\.flac: missing"):
        unpack(tmp_path / "pack", tmp_path / "out")


def test_the_acoustic_model_of_the_voice_is_the_one_that_speaks():
    model = acoustic_of(SHIPPED)
    weights = stored_weights(SHIPPED / "autoregressive.safetensors")
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, weights[name], atol=0, rtol=0)
    assert not any(p.requires_grad for p in model.parameters()) and not model.training


WAVENET = {
    "task": "wavenet",
    "config": {
        "loop": {"max_steps": 3, "batch_size": 2, "learning_rate": 1e-3, "validate_every": 3},
        "model": {
            "n_stacks": 1, "layers_per_stack": 3, "residual_channels": 8, "gate_channels": 16,
            "skip_channels": 8, "conditioning_channels": 8,
        },
        "crop_frames": 4,
        "warm_samples": 16,
        "valid_utterances": 1,
    },
}  # fmt: skip


def write(path: Path, content: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_a_training_goes_on_from_another_one(folder, tmp_path, capsys):
    first = write(tmp_path / "first.yaml", WAVENET)
    strategies.main([str(first), "--data", str(folder), "--runs", str(tmp_path / "runs"),
                     "--accelerator", "cpu"])  # fmt: skip
    made = stored_weights(tmp_path / "runs" / "first" / "best.safetensors")
    again = {**WAVENET, "start": {"wavenet": "first"}}
    second = write(tmp_path / "second.yaml", again)
    # No step changes anything at this rate, so that what it starts from is what it ends with.
    again["config"]["loop"] = {**WAVENET["config"]["loop"], "learning_rate": 0.0,
                               "final_learning_rate": 0.0}  # fmt: skip
    write(second, again)
    run = strategies.train_strategy(second, folder, tmp_path / "runs", accelerator="cpu")
    for name, value in stored_weights(run / "best.safetensors").items():
        torch.testing.assert_close(value, made[name], atol=1e-6, rtol=0)
    assert "starts from first, 0 arrays anew" in capsys.readouterr().out


def test_trainings_that_do_not_exist_are_refused_by_name(folder, tmp_path):
    path = write(tmp_path / "x.yaml", {**WAVENET, "task": "loses"})
    with pytest.raises(ConfigError, match=r"task='loses'.*wavenet"):
        strategies.train_strategy(path, folder, tmp_path, accelerator="cpu")
    path = write(tmp_path / "x.yaml", {**WAVENET, "task": "losses"})
    with pytest.raises(ConfigError, match=r"task=.losses.: expected one of acoustic"):
        strategies.train_strategy(path, folder, tmp_path, accelerator="cpu")
    for start, message in (
        ({"generator": "first"}, r"start\.generator: expected one of wavenet"),
        ({"wavenet": "parallel.safetensors"}, r"start\.wavenet: parallel\.safetensors"),
        ({"wavenet": "nowhere"}, "missing"),
    ):
        path = write(tmp_path / "x.yaml", {**WAVENET, "start": start})
        with pytest.raises(ConfigError, match=message):
            strategies.train_strategy(path, folder, tmp_path / "runs", accelerator="cpu")


def test_one_training_that_fails_does_not_hurt_the_others(folder, tmp_path, capfd):
    plan = {
        "seconds": 120,
        "trainings": {"good": {}, "bad": {}, "later": {"after": ["good", "bad"]}},
    }
    path = write(tmp_path / "plan.yaml", plan)
    write(tmp_path / "good.yaml", WAVENET)
    write(tmp_path / "bad.yaml", {**WAVENET, "task": "nothing"})
    write(tmp_path / "later.yaml", {**WAVENET, "start": {"wavenet": "good"}})
    arguments = [str(path), "--data", str(folder), "--runs", str(tmp_path / "runs")]
    arguments += ["--out", str(tmp_path / "out"), "--accelerator", "cpu"]
    assert side_by_side.main(arguments) == 1
    said = capfd.readouterr().out
    assert "good: done" in said and "bad: FAILED (1)" in said and "later: done" in said
    assert "task='nothing'" in said
    weights, best = "good/best.float16.safetensors", "later/best.json"
    with tarfile.open(tmp_path / "out" / "weights-0.tar") as archive:
        # One by one: how to unpack all of them safely differs from one Python to the next.
        content = {name: archive.extractfile(name).read() for name in (weights, best)}
    (tmp_path / "back.safetensors").write_bytes(content[weights])
    whole = stored_weights(tmp_path / "runs" / "good" / "best.safetensors")
    for name, value in stored_weights(tmp_path / "back.safetensors").items():
        torch.testing.assert_close(value, whole[name].half().float(), atol=0, rtol=0)
    assert json.loads(content[best])["step"] == 3
    with tarfile.open(tmp_path / "out" / "logs.tar.gz") as archive:
        assert {"good/log.txt", "bad/log.txt"} <= set(archive.getnames())


def test_a_training_ends_at_its_share_of_the_time(folder, tmp_path):
    endless = {**WAVENET, "config": {**WAVENET["config"]}}
    endless["config"]["loop"] = {**WAVENET["config"]["loop"], "max_steps": 10**9,
                                 "validate_every": 10**8}  # fmt: skip
    path = write(tmp_path / "short.yaml", endless)
    until = time.time() + 2.0
    run = strategies.train_strategy(path, folder, tmp_path / "runs", accelerator="cpu", until=until)
    assert time.time() < until + 20
    assert json.loads((run / "best.json").read_text())["step"] < 10**6


def test_plans_that_cannot_work_are_refused():
    with pytest.raises(ConfigError, match=r"a: after 'b': expected one of a"):
        Plan(10.0, {"a": Training(after=("b",))})
    with pytest.raises(ConfigError, match=r"until=1\.5"):
        Plan(10.0, {"a": Training(until=1.5)})


def test_bundles_hold_everything_once_and_no_more_than_fits():
    sizes = {"a": 9, "b": 8, "c": 6, "d": 2, "e": 1, "f": 40}
    groups = bundles(sizes, 15)
    assert sorted(name for group in groups for name in group) == sorted(sizes)
    assert all(sum(sizes[n] for n in group) <= 15 or len(group) == 1 for group in groups)
    assert groups == [["f"], ["a", "c"], ["b", "d", "e"]]


def test_halved_leaves_whole_numbers_alone(tmp_path):
    made = halved({"a": np.full(3, 1 / 3, np.float32), "n": np.arange(3)})
    assert made["a"].dtype == np.float16 and made["n"].dtype == np.int64
    save_file(made, tmp_path / "x.safetensors")
    np.testing.assert_allclose(stored_weights(tmp_path / "x.safetensors")["a"], 1 / 3, rtol=2**-11)
