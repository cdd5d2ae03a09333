"""A recipe from recordings to voice: stages run one after another, each resumable.

``prepare`` levels the recordings and tracks F0, ``align`` finds the durations, ``acoustic`` and
``vocoder`` train the two stages, ``finetune`` goes on with the vocoder on the acoustic model's
mels, ``wavenet`` trains the autoregressive vocoder if the recipe has one, ``package`` writes the
voice, ``evaluate`` scores it on the test set.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import load_yaml
from tts_pipeline.corpus.corpus import SPLITS, Utterance, read_corpus, read_names
from tts_pipeline.corpus.texts import read_texts
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.training.alignment_plots import plot_alignments
from tts_pipeline.training.allocator import keep_freed_memory
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.alignments import recordings_of
from tts_pipeline.training.data.batches import tokenise
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepare import PrepareConfig, prepare
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.package import VoiceFacts, add_scores, package
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.acoustic import AcousticTask, AcousticTrainingConfig
from tts_pipeline.training.tasks.align import AlignConfig, AlignTask
from tts_pipeline.training.tasks.finetune import FinetuneConfig, finetune_task, predicted_mels
from tts_pipeline.training.tasks.vocoder import VocoderTask, VocoderTrainingConfig
from tts_pipeline.training.tasks.wavenet import WaveNetTask, WaveNetTrainingConfig
from tts_pipeline.voice.voice import Voice


@dataclasses.dataclass(frozen=True)
class RecipeConfig:
    """A whole recipe, read from YAML.

    Attributes:
        voice: name, language and licence of the voice.
        align: the aligner.
        acoustic: the acoustic model.
        vocoder: the vocoder on natural mels.
        finetune: the vocoder on the acoustic model's mels.
        wavenet: the autoregressive vocoder; without it the voice has none.
        audio: audio settings.
        prepare: how recordings become features.
        exclude: file beside the recipe with ids of rows to leave out, one a line.
        texts: file beside the recipe with corrected texts, ``id<TAB>text`` a line.
        max_utterances: use only the first so many of each set; 0: all.
        n_workers: processes of the prepare and evaluate stages.
        threads: CPU threads of a training process; 0: PyTorch's choice.
    """

    voice: VoiceFacts
    align: AlignConfig
    acoustic: AcousticTrainingConfig
    vocoder: VocoderTrainingConfig
    finetune: FinetuneConfig
    wavenet: WaveNetTrainingConfig | None = None
    audio: AudioConfig = AudioConfig()
    prepare: PrepareConfig = PrepareConfig()
    exclude: str | None = None
    texts: str | None = None
    max_utterances: int = 0
    n_workers: int = 2
    threads: int = 0

    def __post_init__(self) -> None:
        tracked, pitch = self.prepare, self.vocoder.model.pitch
        if not pitch.f0_min <= tracked.f0_min < tracked.f0_max <= pitch.f0_max:
            raise ConfigError(
                f"prepare tracks F0 from {tracked.f0_min} to {tracked.f0_max} Hz, expected within "
                f"the {pitch.f0_min} to {pitch.f0_max} Hz of vocoder.model.pitch"
            )


class Recipe:
    """The stages of one recipe over one corpus.

    Args:
        path: the recipe's YAML file.
        corpus: folder of the corpus.
        runs: folder for everything that the stages write.
        accelerator: Fabric's: ``auto``, ``cpu``, ``cuda``.
        devices: processes that train together on this machine.
        precision: Fabric's: ``32-true``, ``bf16-mixed``, ``16-mixed``.
    """

    def __init__(
        self,
        path: Path,
        corpus: Path,
        runs: Path,
        *,
        accelerator: str = "auto",
        devices: int = 1,
        precision: str = "32-true",
    ) -> None:
        self.config = load_yaml(RecipeConfig, path)
        self.path, self.corpus, self.runs = path, corpus, runs
        self.fabric = make_fabric(accelerator, devices, precision)
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        beside = path.parent
        exclude = read_names(beside / self.config.exclude) if self.config.exclude else {}
        texts = read_texts(beside / self.config.texts) if self.config.texts else {}
        utterances = read_corpus(corpus, exclude=tuple(exclude)).utterances
        unknown = sorted(texts.keys() - {u.id for u in utterances})
        if unknown:
            raise CorpusError(
                f"{self.config.texts}: {', '.join(unknown[:10])}: no such utterance in {corpus}, "
                "or it is excluded; correct the file"
            )
        most = self.config.max_utterances or len(utterances)
        chosen = [[u for u in utterances if u.split == split][:most] for split in SPLITS]
        self.utterances: list[Utterance] = [
            dataclasses.replace(u, text=texts.get(u.id, u.text)) for part in chosen for u in part
        ]

    def store(self, split: str) -> FeatureStore:
        """The prepared utterances of one set."""
        ids = [u.id for u in self.utterances if u.split == split]
        return FeatureStore(self.runs / "features", ids, self.config.audio)

    def tokens(self) -> dict[str, torch.Tensor]:
        """Tokens of every utterance."""
        return tokenise(self.utterances, EnglishFrontEnd())

    def train(self, name: str, task: Task, loop: LoopConfig) -> None:
        """Train a task in its own folder."""
        train(task, loop, self.fabric, self.runs / name)

    def run(self, stage: str) -> None:
        """Run one stage; what cannot be shared is done by one process while the others wait."""
        if stage not in ALONE or self.fabric.is_global_zero:
            STAGES[stage](self)
        self.fabric.barrier()

    def stage_prepare(self) -> None:
        prepare(
            self.utterances,
            self.runs / "features",
            self.config.audio,
            self.config.prepare,
            n_workers=self.config.n_workers,
        )

    def stage_align(self) -> None:
        stores = [self.store(split) for split in SPLITS]
        task = AlignTask(self.config.align, self.tokens(), stores[0], stores[1])
        self.train("align", task, self.config.align.loop)
        if not self.fabric.is_global_zero:
            return
        weights = load_weights(self.runs / "align" / "best.safetensors", "aligner")
        task.modules["aligner"].load_state_dict(weights)
        task.write_durations(stores, self.runs / "durations")
        shown = [u for u in self.utterances if u.split == "test"][:10]
        plot_alignments(
            shown, self.tokens(), stores[2], self.runs / "durations", self.runs / "plots"
        )

    def acoustic_task(self) -> AcousticTask:
        """The acoustic model with its data, untrained."""
        return AcousticTask(
            self.config.acoustic,
            self.tokens(),
            self.runs / "durations",
            self.store("train"),
            self.store("valid"),
        )

    def stage_acoustic(self) -> None:
        self.train("acoustic", self.acoustic_task(), self.config.acoustic.loop)

    def stage_vocoder(self) -> None:
        config = self.config.vocoder
        task = VocoderTask(config, self.config.audio, self.store("train"), self.store("valid"))
        self.train("vocoder", task, config.loop)

    def stage_finetune(self) -> None:
        config = self.config.finetune
        task = finetune_task(config, self.config.vocoder, self.acoustic_task(), self.runs)
        self.train("finetune", task, config.loop)

    def stage_wavenet(self) -> None:
        config = self.config.wavenet
        if config is None:
            return
        predicted = None
        if config.predicted_share:
            predicted = predicted_mels(self.acoustic_task(), self.runs)
        stores = self.store("train"), self.store("valid")
        task = WaveNetTask(config, self.config.audio, *stores, predicted)
        self.train("wavenet", task, config.loop)

    def stage_package(self) -> None:
        config = self.config
        task = self.acoustic_task()
        wavenet = config.wavenet.model if config.wavenet else None
        package(
            config.voice, task, config.vocoder.model, config.audio, self.runs, self.path, wavenet
        )

    def stage_evaluate(self) -> None:
        # Metrics and their packages belong to another extra than training.
        from tts_pipeline.evaluation.scorecard.goals import outcome_table
        from tts_pipeline.evaluation.scorecard.report import evaluate_voice

        spoken = [u for u in self.utterances if u.split == "test"]
        recordings = recordings_of(
            spoken, self.tokens(), self.store("test"), self.runs / "durations"
        )
        folder, report = self.runs / "voice", self.runs / "report"
        found = evaluate_voice(
            Voice.load(folder), recordings, report, n_workers=self.config.n_workers
        )
        add_scores(folder, outcome_table(found.outcomes), report / "scores.json")
        print((report / "scores.md").read_text(encoding="utf-8"))


STAGES: dict[str, Callable[[Recipe], None]] = {
    "prepare": Recipe.stage_prepare,
    "align": Recipe.stage_align,
    "acoustic": Recipe.stage_acoustic,
    "vocoder": Recipe.stage_vocoder,
    "finetune": Recipe.stage_finetune,
    "wavenet": Recipe.stage_wavenet,
    "package": Recipe.stage_package,
    "evaluate": Recipe.stage_evaluate,
}
ALONE = ("prepare", "package", "evaluate")


def default_runs(config: Path) -> Path:
    """``runs/kathleen`` for ``recipes/kathleen/config.yaml``, ``runs/kathleen-debug`` for its
    ``debug.yaml``."""
    name = config.resolve().parent.name
    return Path("runs") / (name if config.stem == "config" else f"{name}-{config.stem}")


def main(argv: list[str] | None = None) -> int:
    """Run the stages of a recipe: ``tts-pipeline train`` and ``recipes/*/run``."""
    names = list(STAGES)
    parser = argparse.ArgumentParser(prog="tts-pipeline train", description=__doc__)
    parser.add_argument("config", type=Path, help="the recipe's YAML file")
    parser.add_argument("corpus", type=Path, help="folder of the corpus")
    parser.add_argument(
        "--runs",
        type=Path,
        help="folder for all that is written; a run that was stopped goes on from what is in it "
        "(default: runs/ and the recipe's name)",
    )
    parser.add_argument("--stage", choices=names, default=names[0], help="first stage to run")
    parser.add_argument("--stop-stage", choices=names, default=names[-1], help="last stage to run")
    parser.add_argument("--accelerator", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--devices", type=int, default=1, help="processes on this machine")
    parser.add_argument("--precision", default="32-true")
    options = parser.parse_args(argv)
    first, last = names.index(options.stage), names.index(options.stop_stage)
    if first > last:
        raise ConfigError(f"--stage {options.stage} comes after --stop-stage {options.stop_stage}")
    keep_freed_memory()
    recipe = Recipe(
        options.config,
        options.corpus,
        options.runs or default_runs(options.config),
        accelerator=options.accelerator,
        devices=options.devices,
        precision=options.precision,
    )
    for name in names[first : last + 1]:
        if recipe.fabric.is_global_zero:
            print(f"stage {name}", file=sys.stderr)
        recipe.run(name)
    return 0
