"""Utterances as codes, beside what their tokens are planned to be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm

from tts_pipeline.acoustic.coded.config import CodedConfig
from tts_pipeline.acoustic.masked.config import MaskedConfig
from tts_pipeline.errors import ConfigError
from tts_pipeline.features.codes.model import CodesAutoencoder, CodesConfig
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.batches import UtteranceSampler
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.planned import PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of


class CodesBatch(NamedTuple):
    """Utterances as codes.

    Attributes:
        vectors: of the tokens ``(B, N, C)``, 0 beyond an item's end.
        durations: true frames of each token ``(B, N)`` int64.
        codes: ``(B, L, G)`` int64, 0 beyond an item's end.
        mask: 1.0 where there is a step, else 0.0 ``(B, L, 1)``.
    """

    vectors: torch.Tensor
    durations: torch.Tensor
    codes: torch.Tensor
    mask: torch.Tensor


class PlannedCodes:
    """Planned utterances with their codes, kept on the device that asks.

    Args:
        planned: the utterances.
        codes: ``(L, G)`` int64 of each by id.
    """

    def __init__(self, planned: PlannedUtterances, codes: Mapping[str, torch.Tensor]) -> None:
        self._planned = planned
        self.lengths = {i: len(codes[i]) for i in planned.ids}
        lengths = torch.tensor([self.lengths[i] for i in planned.ids])
        begins = (lengths.cumsum(0) - lengths).tolist()
        self._begins = dict(zip(planned.ids, begins))
        rows = torch.cat([codes[i] for i in planned.ids])
        # A last row of zeros is what padding points at.
        self._codes = torch.cat([rows, torch.zeros_like(rows[:1])])

    def require(self, model: CodedConfig | MaskedConfig, codes: CodesConfig) -> None:
        """Check that a model is made for the utterances' vectors and codes.

        Args:
            model: its sizes.
            codes: those of the auto-encoder.

        Raises:
            ConfigError: if it is made for others.
        """
        self._planned.require(model.text_channels, "model.text_channels")
        for name in ("frames_per_code", "n_groups", "n_codes"):
            mine, wanted = getattr(model, name), getattr(codes, name)
            if mine != wanted:
                raise ConfigError(
                    f"model.{name}={mine}: the auto-encoder's codes have {wanted}; set it to "
                    f"{wanted}"
                )

    def sampler(self, batch_size: int, seed: int) -> UtteranceSampler:
        """Draws the ids of each step's batch."""
        return self._planned.sampler(batch_size, seed)

    def groups(self, size: int) -> list[list[str]]:
        """All ids, in groups of similar length."""
        return self._planned.groups(size)

    def batch(self, ids: list[str], device: torch.device) -> CodesBatch:
        """The named utterances on a device, side by side."""
        self._codes = self._codes.to(device)
        told = self._planned.batch(ids, device)
        lengths = torch.tensor([self.lengths[i] for i in ids])[:, None]
        begins = torch.tensor([self._begins[i] for i in ids])[:, None]
        steps = torch.arange(int(lengths.max()))
        inside = steps < lengths
        places = torch.where(inside, begins + steps, -1).to(device, non_blocking=True)
        mask = inside[..., None].float().to(device, non_blocking=True)
        return CodesBatch(told.vectors, told.durations, self._codes[places], mask)


def planned_codes(config: CodesConfig, data: Prepared) -> tuple[PlannedCodes, PlannedCodes]:
    """Training and validation utterances as the codes that the trained auto-encoder gives them."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = trained_codes(data.runs, config, data.audio.n_mels)
    codes = encoded(model, [data.train, data.valid], device)
    acoustic = acoustic_of(data)
    train, valid = (
        PlannedCodes(PlannedUtterances(acoustic, data.tokens, data.durations, store), codes)
        for store in (data.train, data.valid)
    )
    return train, valid


def trained_codes(runs: Path, config: CodesConfig, n_mels: int) -> CodesAutoencoder:
    """The auto-encoder that ``runs/codes`` holds, on the CPU, not to be trained.

    Raises:
        ConfigError: if it has other sizes.
    """
    path = runs / "codes" / "best.safetensors"
    model = CodesAutoencoder(config, n_mels)
    try:
        model.load_state_dict(load_weights(path, "codes"))
    except RuntimeError as error:
        raise ConfigError(f"{path}: made with another configuration ({error})") from error
    return model.eval().requires_grad_(False)


@torch.inference_mode()
def encoded(
    model: CodesAutoencoder, stores: list[FeatureStore], device: torch.device
) -> dict[str, torch.Tensor]:
    """Codes ``(L, G)`` int64 of all utterances by id, on the CPU."""
    model = model.to(device)
    codes = {}
    for store in stores:
        for utterance_id in tqdm(store.ids, desc="encode", disable=None):
            made = model.encode(store[utterance_id].mel[None].to(device))
            codes[utterance_id] = made[0].cpu()
    return codes
