"""A recipe from recordings to voice: stages run one after another, each resumable.

``prepare`` levels the recordings and tracks F0; then come the training stages that the recipe's
file lists (:mod:`tts_pipeline.training.stages`); ``package`` writes the voice out of the models
that they made, ``evaluate`` scores it on the test set.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import torch
from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import load_yaml
from tts_pipeline.corpus.checks import set_faults
from tts_pipeline.corpus.corpus import SPLITS, read_corpus, read_names
from tts_pipeline.corpus.texts import read_texts
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.text.protocol import TextFrontEnd
from tts_pipeline.text.symbols import Alphabet
from tts_pipeline.training.data.alignments import recordings_of
from tts_pipeline.training.data.batches import tokenise
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepare import PrepareConfig, prepare
from tts_pipeline.training.data.prepared import Prepared, Source, write_tokens
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.package import VoiceFacts, add_scores, package
from tts_pipeline.training.stages import Stage, check_stages, roles_of, stage_names
from tts_pipeline.voice.front_ends import FRONT_ENDS
from tts_pipeline.voice.voice import Voice


@dataclasses.dataclass(frozen=True)
class RecipeConfig:
    """A whole recipe, read from YAML.

    Attributes:
        voice: name, language, licence and defaults of the voice.
        stages: what is trained, one after another.
        audio: audio settings.
        prepare: how recordings become features.
        exclude: file beside the recipe with ids of rows to leave out, one a line.
        texts: file beside the recipe with corrected texts, ``id<TAB>text`` a line.
        max_utterances: use only the first so many of each set; 0: all.
        n_workers: processes of the prepare and evaluate stages.
        threads: CPU threads of a training process; 0: PyTorch's choice.
    """

    voice: VoiceFacts
    stages: tuple[Stage, ...]
    audio: AudioConfig = AudioConfig()
    prepare: PrepareConfig = PrepareConfig()
    exclude: str | None = None
    texts: str | None = None
    max_utterances: int = 0
    n_workers: int = 2
    threads: int = 0

    def __post_init__(self) -> None:
        if self.voice.language not in FRONT_ENDS:
            raise ConfigError(
                f"voice.language={self.voice.language!r}: expected one of {', '.join(FRONT_ENDS)}"
            )
        check_stages(self.stages)
        fault = self.voice.defaults.fault(roles_of(self.stages))
        if fault:
            raise ConfigError(f"voice.{fault}")
        for stage in self.stages:
            if hasattr(stage.module, "check"):
                stage.module.check(stage.settings, self.prepare)

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Of all stages in their order, those that every recipe has included."""
        return stage_names(self.stages)


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
        found = read_corpus(corpus, exclude=tuple(exclude)).with_texts(texts)
        missing = list(set_faults(found))
        if missing:
            raise CorpusError("\n".join(map(str, missing)))
        most = self.config.max_utterances or len(found.utterances)
        self.utterances: list[Utterance] = [
            item for split in SPLITS for item in found.split(split)[:most]
        ]

    def store(self, split: str) -> FeatureStore:
        """The prepared utterances of one set."""
        ids = [u.id for u in self.utterances if u.split == split]
        return FeatureStore(self.runs / "features", ids, self.config.audio)

    @functools.cached_property
    def tokens(self) -> dict[str, torch.Tensor]:
        """Tokens of every utterance by id."""
        return tokenise(self.utterances, self.front_end)

    @functools.cached_property
    def front_end(self) -> TextFrontEnd:
        """The front end of the voice's language."""
        return FRONT_ENDS[self.config.voice.language]()

    @property
    def alphabet(self) -> Alphabet:
        """What the front end writes its tokens with."""
        return self.front_end.alphabet

    def data(self, stage: Stage) -> Prepared:
        """What a stage is given to learn from."""
        by_name = {item.name: item for item in self.config.stages}
        sources = {
            name: Source(by_name[source].settings, self.runs / source)
            for name, source in stage.needs.items()
        }
        return Prepared(
            self.config.audio,
            self.tokens,
            self.runs / "durations",
            self.store("train"),
            self.store("valid"),
            voice=self.runs / "voice",
            runs=self.runs,
            test=self.store("test"),
            sources=sources,
            alphabet=self.alphabet,
        )

    def run(self, name: str) -> None:
        """Run one stage; what cannot be shared is done by one process while the others wait."""
        alone = {"prepare": self.prepare, "package": self.package, "evaluate": self.evaluate}
        if name in alone:
            if self.fabric.is_global_zero:
                alone[name]()
        else:
            self.train(next(stage for stage in self.config.stages if stage.name == name))
        self.fabric.barrier()

    def prepare(self) -> None:
        """Recordings into features, and texts into tokens."""
        self.runs.mkdir(parents=True, exist_ok=True)
        # First, since a text that cannot be spoken is found in seconds.
        write_tokens(self.runs, self.config.audio, self.utterances, self.tokens, self.alphabet)
        prepare(
            self.utterances,
            self.runs / "features",
            self.config.audio,
            self.config.prepare,
            n_workers=self.config.n_workers,
        )

    def train(self, stage: Stage) -> None:
        """Train a stage's task in a folder of its own, and what is to be done after that."""
        folder, data = self.runs / stage.name, self.data(stage)
        task = stage.module.make_task(stage.settings, data)
        train(task, stage.settings.loop, self.fabric, folder)
        if not self.fabric.is_global_zero:
            return
        if hasattr(stage.module, "finish"):
            stage.module.finish(task, data, folder)

    def trained(self, stage: Stage) -> nn.Module:
        """The model that a stage made.

        Raises:
            ConfigError: if the stage was not run.
        """
        return stage.trained(self.data(stage), self.runs / stage.name)

    def package(self) -> Path:
        """Write ``runs/voice``; returns the folder."""
        n_utterances = sum(u.split == "train" for u in self.utterances)
        return package(
            self.config.voice,
            self.config.stages,
            self.trained,
            self.config.audio,
            self.alphabet,
            self.runs,
            self.path,
            n_utterances,
        )

    def evaluate(self) -> None:
        """Score the voice on the test set and put the scores on its card."""
        # Metrics and their packages belong to another extra than training.
        from tts_pipeline.evaluation.scorecard.goals import outcome_table
        from tts_pipeline.evaluation.scorecard.report import evaluate_voice

        test = [u for u in self.utterances if u.split == "test"]
        recordings = recordings_of(
            test, self.tokens, self.store("test"), self.runs / "durations", self.alphabet
        )
        folder, report = self.runs / "voice", self.runs / "report"
        found = evaluate_voice(
            Voice.load(folder), recordings, report, n_workers=self.config.n_workers
        )
        road = f"Spoken by `{found.acoustic}`, vocoder `{found.vocoder}`."
        table = outcome_table(found.outcomes)
        add_scores(folder, f"{road}\n\n{table}", report / "scores.json")
        print((report / "scores.md").read_text(encoding="utf-8"))
