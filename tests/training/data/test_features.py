from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.corpus.recording import load_recording
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import CorpusError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.symbols import decode
from tts_pipeline.training.data.batches import UtteranceSampler, padded, tokenise
from tts_pipeline.training.data.features import (
    CropSampler,
    FeatureStore,
    deviation,
    interpolate_gaps,
    load_durations,
)
from tts_pipeline.training.data.prepare import (
    PrepareConfig,
    load_features,
    prepare,
    write_arrays,
)

AUDIO = AudioConfig()


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("features")
    rng = np.random.default_rng(0)
    for name, n_samples in {"a": 8000, "b": 12345, "c": 1000}.items():
        n_frames = AUDIO.n_frames(n_samples)
        write_arrays(
            folder / f"{name}.npz",
            waveform=rng.integers(-9000, 9000, n_samples).astype(np.int16),
            f0=np.where(np.arange(n_frames) % 7 < 4, 120 + np.arange(n_frames), 0).astype("f4"),
        )
    return FeatureStore(folder, ["a", "b", "c"], AUDIO)


def test_features_agree_with_the_audio_front_end(store):
    item = store["b"]
    samples, f0 = load_features(store.folder, "b")
    assert item.waveform.shape == (78 * 160,) and item.mel.shape == (80, 78)
    np.testing.assert_array_equal(item.waveform[:12345], samples)
    assert not item.waveform[12345:].any()
    np.testing.assert_allclose(item.mel, log_mel(samples, AUDIO), atol=1e-5)
    np.testing.assert_array_equal(item.f0, f0)
    voiced = f0 > 0
    np.testing.assert_array_equal(item.f0_interpolated[voiced], f0[voiced])
    assert (item.f0_interpolated > 100).all()


def test_bridges_by_hand():
    values = torch.tensor([9.0, 2.0, 9.0, 9.0, 8.0, 9.0])
    known = torch.tensor([False, True, False, False, True, False])
    assert interpolate_gaps(values, known, 0.0).tolist() == [2, 2, 4, 6, 8, 8]
    assert interpolate_gaps(values, torch.zeros(6, dtype=torch.bool), 5.0).tolist() == [5] * 6


def test_what_was_not_prepared_is_named(store):
    with pytest.raises(CorpusError, match=r"none\.npz: missing, run the prepare stage first"):
        store["none"]
    with pytest.raises(CorpusError, match="no utterances"):
        FeatureStore(store.folder, [], AUDIO)


def test_crops_are_pieces_of_the_utterances(store):
    crops = CropSampler(store, 20, 6, seed=3)(5, slice(0, 6))
    assert crops.waveform.shape == (6, 3200) and crops.mel.shape == (6, 80, 20)
    whole = {name: store[name].mel for name in store.ids}
    for item in range(6):
        n_known = 20 if crops.mel[item, 0, -1] > np.log(1e-5) + 1e-3 else 7
        pieces = [
            (name, start)
            for name, mel in whole.items()
            for start in range(mel.shape[1] - n_known + 1)
            if torch.equal(mel[:, start : start + n_known], crops.mel[item, :, :n_known])
        ]
        assert len(pieces) == 1
        name, start = pieces[0]
        part = store[name].waveform[start * 160 : (start + n_known) * 160]
        assert torch.equal(crops.waveform[item, : len(part)], part)
        assert torch.equal(crops.f0[item, :n_known], store[name].f0[start : start + n_known])


def test_crops_depend_on_seed_and_step_alone(store):
    sampler = CropSampler(store, 20, 6, seed=3)
    whole = sampler(9, slice(0, 6))
    sampler(1, slice(0, 6))
    halves = [sampler(9, slice(0, 3)), sampler(9, slice(3, 6))]
    for number, column in enumerate(whole):
        assert torch.equal(column, torch.cat([half[number] for half in halves]))
    assert not torch.equal(whole.noise, sampler(10, slice(0, 6)).noise)
    assert not torch.equal(whole.noise, CropSampler(store, 20, 6, seed=4)(9, slice(0, 6)).noise)


def test_predicted_mels_take_their_share(store):
    predicted = {name: torch.full_like(store[name].mel, 1.0) for name in ("a", "b", "c")}
    sampler = CropSampler(store, 5, 400, 0, predicted=predicted, predicted_share=0.6)
    crops = sampler(0, slice(0, 400))
    replaced = (crops.mel == 1.0).all(2).all(1).float().mean()
    assert abs(float(replaced) - 0.6) < 0.08
    assert crops.waveform.abs().amax(1).min() > 0.01


def test_every_utterance_once_an_epoch_in_batches_of_similar_length():
    lengths = {f"u{i}": 10 + 7 * (i * 31 % 97) for i in range(90)}
    sampler = UtteranceSampler(lengths, 6, seed=1)
    assert sampler.steps_per_epoch == 15
    epochs = [[sampler(e * 15 + s, slice(0, 6)) for s in range(15)] for e in range(2)]
    for epoch in epochs:
        assert sorted(name for batch in epoch for name in batch) == sorted(lengths)
        spreads = [np.ptp([lengths[name] for name in batch]) for batch in epoch]
        assert np.mean(spreads) < 0.4 * np.ptp(list(lengths.values()))
    assert epochs[0] != epochs[1]
    again = UtteranceSampler(lengths, 6, seed=1)
    assert again(20, slice(2, 5)) == epochs[1][5][2:5]


def test_a_set_smaller_than_a_batch_is_filled_up():
    sampler = UtteranceSampler({"a": 1, "b": 2}, 5, seed=0)
    assert sorted(set(sampler(3, slice(0, 5)))) == ["a", "b"] and len(sampler(0, slice(0, 5))) == 5


def test_padding():
    stacked, lengths = padded([torch.ones(2, 3), torch.full((2, 1), 4.0)], -1.0)
    assert lengths.tolist() == [3, 1]
    assert stacked[1].tolist() == [[4, -1, -1], [4, -1, -1]]
    flat, _ = padded([torch.tensor([1, 2]), torch.tensor([3])], 0)
    assert flat.tolist() == [[1, 2], [3, 0]]


def test_recordings_are_levelled_trimmed_and_tracked(tiny_corpus, tmp_path):
    names = ["tiny_01", "tiny_02"]
    utterances = [
        Utterance(name, "text", tiny_corpus / "wavs" / f"{name}.wav", 1, "train") for name in names
    ]
    config = PrepareConfig()
    prepare(utterances, tmp_path / "f", AUDIO, config)
    samples, f0 = load_features(tmp_path / "f", "tiny_01")
    expected = load_recording(utterances[0].path, AUDIO.sample_rate)
    np.testing.assert_allclose(samples, expected, atol=1e-4)
    assert len(f0) == AUDIO.n_frames(len(samples)) and (f0 > 0).any() and (f0 == 0).any()
    kept = (tmp_path / "f" / "tiny_01.npz").stat().st_mtime_ns
    prepare(utterances, tmp_path / "f", AUDIO, config)
    assert (tmp_path / "f" / "tiny_01.npz").stat().st_mtime_ns == kept
    broken = Utterance("bad", "text", tmp_path / "bad.wav", 1, "train")
    broken.path.write_bytes(b"RIFF")
    with pytest.raises(CorpusError, match=r"bad\.wav"):
        prepare([broken], tmp_path / "f", AUDIO, config)


def test_texts_of_several_sentences_become_one_sequence():
    row = Utterance("a", "Go home. Sit down!", Path("a.wav"), 3, "train")
    names = [decode(token) for token in tokenise([row], EnglishFrontEnd())["a"].tolist()]
    assert names[0] == "<bos>" and names[-1] == "<eos>"
    assert names.count("<bos>") == names.count("<eos>") == 1
    assert names.index(".") < names.index("!") and "|" in names
    unspeakable = Utterance("b", "日本", Path("b.wav"), 7, "train")
    with pytest.raises(CorpusError, match=r"metadata\.csv:7: b: cannot be spoken"):
        tokenise([unspeakable], EnglishFrontEnd())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None])
def test_damaged_features_are_named_with_the_remedy(store, tmp_path, damage):
    path = tmp_path / "a.npz"
    whole = (store.folder / "a.npz").read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with pytest.raises(
        CorpusError, match=r"a\.npz: damaged .*; remove it and run the prepare stage"
    ):
        FeatureStore(tmp_path, ["a"], AUDIO)["a"]
    with pytest.raises(CorpusError, match=r"a\.npz: damaged .*; remove it and run the align stage"):
        load_durations(tmp_path, "a")


def test_features_that_cannot_be_read_are_not_called_damaged(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(CorpusError, match=r"a\.npz: cannot be read \(Is a directory\)"):
        load_features(tmp_path, "a")


def test_features_that_lack_an_array_are_damaged(tmp_path):
    write_arrays(tmp_path / "a.npz", waveform=np.zeros(100, np.int16))
    with pytest.raises(CorpusError, match="damaged .*f0"):
        load_features(tmp_path, "a")


def test_no_standard_deviation_is_zero():
    floor = 0.1
    assert (
        deviation(torch.ones(5), 0, floor)
        == deviation(torch.ones(1), 0, floor)
        == torch.tensor(0.1)
    )
    values = torch.tensor([[1.0, 2, 4], [3, 3, 3]])
    torch.testing.assert_close(deviation(values, 1, floor), torch.tensor([values[0].std(), 0.1]))
