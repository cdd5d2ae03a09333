#!/usr/bin/env python3
"""The toy of every lecture on generating all at once: a question with two right answers.

"What does she do?" may be answered 演員 (an actor) or 老師 (a teacher), each by half of those who
are asked. Whoever draws both characters at once, each by itself, also answers 老員 and 演師, which
nobody ever said ("multi-modality", Gu et al. 2018, arXiv 1711.02281). Four models of a few thousand
parameters learn the answers in seconds and are asked many times:

- autoregressive: the second character is drawn when the first is known;
- one-shot: both at once, each by itself;
- latent: something is drawn first that both are told (Kingma and Welling 2013, arXiv 1312.6114),
  then both at once;
- masked: both at once, the surer one is kept (with some chance), the other drawn again (Chang et
  al. 2022, arXiv 2202.04200); with one round it is the one-shot model.

Usage: two_answers.py [--samples 10000] [--steps 800] [--seed 0]
"""

from __future__ import annotations

import argparse
import functools
import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

CHARACTERS = "演員老師"
RIGHT = ("演員", "老師")
NEVER_SAID = ("老員", "演師")
WIDTH, BATCH = 32, 256
_V = len(CHARACTERS)
# Index of a character that is not known (yet).
_HIDDEN = _V


class Autoregressive(nn.Module):
    """One character after another."""

    def __init__(self) -> None:
        super().__init__()
        self.question = nn.Parameter(torch.randn(WIDTH))
        self.past = nn.Embedding(_V + 1, WIDTH)
        self.output = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, _V))

    def loss(self, answers: torch.Tensor, step: int) -> torch.Tensor:
        """Nats an answer ``(B, 2)``."""
        hidden = torch.full_like(answers[:, :1], _HIDDEN)
        logits = self._logits(torch.cat([hidden, answers[:, :1]], 1))
        return 2 * nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())

    def sample(self, n_answers: int, generator: torch.Generator) -> torch.Tensor:
        """Answers ``(n, 2)``."""
        known = torch.full((n_answers, 1), _HIDDEN)
        first = _drawn(self._logits(known)[:, 0], generator)
        return torch.stack([first, _drawn(self._logits(first[:, None])[:, 0], generator)], 1)

    def _logits(self, past: torch.Tensor) -> torch.Tensor:
        question = self.question.expand(*past.shape, -1)
        return self.output(torch.cat([question, self.past(past)], -1))


class OneShot(nn.Module):
    """Both characters at once, each by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.question = nn.Parameter(torch.randn(WIDTH))
        self.output = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * _V))

    def loss(self, answers: torch.Tensor, step: int) -> torch.Tensor:
        """Nats an answer ``(B, 2)``."""
        logits = self.output(self.question).view(1, 2, _V).expand(len(answers), -1, -1)
        return 2 * nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())

    def sample(self, n_answers: int, generator: torch.Generator) -> torch.Tensor:
        """Answers ``(n, 2)``."""
        logits = self.output(self.question).view(1, 2, _V).expand(n_answers, -1, -1)
        return _drawn(logits, generator)


class Latent(nn.Module):
    """A number is drawn, both characters are told it and drawn at once."""

    # Nats of the latent that cost nothing: telling two answers apart needs log 2.
    FREE_NATS = 1.5

    def __init__(self) -> None:
        super().__init__()
        self.question = nn.Parameter(torch.randn(WIDTH))
        self.answer = nn.Embedding(_V, WIDTH)
        self.posterior = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2))
        self.output = nn.Sequential(
            nn.Linear(WIDTH + 1, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * _V)
        )

    def loss(self, answers: torch.Tensor, step: int) -> torch.Tensor:
        """Upper bound on the nats of an answer ``(B, 2)``, the latent's part annealed."""
        mean, log_scale = self.posterior(self.answer(answers).flatten(1)).chunk(2, 1)
        latent = mean + log_scale.exp() * torch.randn_like(mean)
        logits = self._logits(latent)
        said = 2 * nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())
        divergence = ((mean.square() + (2 * log_scale).exp() - 1) / 2 - log_scale).mean()
        return said + min(1.0, step / 200) * divergence.clamp_min(self.FREE_NATS)

    def sample(self, n_answers: int, generator: torch.Generator) -> torch.Tensor:
        """Answers ``(n, 2)``."""
        return _drawn(self._logits(torch.randn(n_answers, 1, generator=generator)), generator)

    def _logits(self, latent: torch.Tensor) -> torch.Tensor:
        question = self.question.expand(len(latent), -1)
        return self.output(torch.cat([question, latent], 1)).unflatten(1, (2, _V))


class Masked(nn.Module):
    """Hidden characters are filled in; all, then those of which the model was least sure."""

    def __init__(self) -> None:
        super().__init__()
        self.question = nn.Parameter(torch.randn(WIDTH))
        self.known = nn.Embedding(_V + 1, WIDTH)
        self.output = nn.Sequential(
            nn.Linear(3 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * _V)
        )

    def loss(self, answers: torch.Tensor, step: int) -> torch.Tensor:
        """Nats a hidden character of answers ``(B, 2)``."""
        share = torch.cos(math.pi / 2 * torch.rand(len(answers), 1))
        hidden = torch.rand(answers.shape) < share
        logits = self._logits(torch.where(hidden, _HIDDEN, answers))
        losses = nn.functional.cross_entropy(
            logits.flatten(0, 1), answers.flatten(), reduction="none"
        )
        return (losses * hidden.flatten()).sum() / hidden.sum().clamp_min(1)

    def sample(self, n_answers: int, generator: torch.Generator, n_rounds: int = 2) -> torch.Tensor:
        """Answers ``(n, 2)``."""
        known = torch.full((n_answers, 2), _HIDDEN)
        for done in range(1, n_rounds + 1):
            logits, hidden = self._logits(known), known == _HIDDEN
            known = torch.where(hidden, _drawn(logits, generator), known)
            sure = torch.log_softmax(logits, -1).gather(-1, known[..., None])[..., 0]
            # Gumbel noise, or of two that are about equally sure the same one would always stay.
            sure = sure - torch.log(-torch.log(torch.rand(sure.shape, generator=generator)))
            sure[~hidden] = math.inf
            n_hidden = math.floor(2 * math.cos(math.pi / 2 * done / n_rounds) + 1e-9)
            again = sure.argsort(1)[:, :n_hidden]
            known = known.scatter(1, again, _HIDDEN)
        return known

    def _logits(self, known: torch.Tensor) -> torch.Tensor:
        question = self.question.expand(len(known), -1)
        told = torch.cat([question, self.known(known).flatten(1)], 1)
        return self.output(told).unflatten(1, (2, _V))


def _drawn(logits: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Characters out of logits ``(..., V)``, each by itself."""
    shares = torch.softmax(logits, -1).flatten(0, -2)
    return torch.multinomial(shares, 1, generator=generator).view(logits.shape[:-1])


class Asked(NamedTuple):
    """How one way to generate answered.

    Attributes:
        name: of the way.
        n_parameters: trained numbers.
        n_passes: passes through the network, one after another, an answer.
        answers: how often each was given.
    """

    name: str
    n_parameters: int
    n_passes: int
    answers: Counter[str]

    def share(self, answers: tuple[str, ...]) -> float:
        """How often one of these was given, in [0, 1]."""
        return sum(self.answers[answer] for answer in answers) / self.answers.total()


def train(model: nn.Module, n_steps: int, seed: int) -> None:
    """Teach a model the two answers, each given by half of those who are asked."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    right = torch.tensor([[CHARACTERS.index(character) for character in text] for text in RIGHT])
    for step in range(n_steps):
        answers = right[torch.randint(len(right), (BATCH,))]
        optimizer.zero_grad()
        model.loss(answers, step).backward()  # type: ignore[operator]
        optimizer.step()
        schedule.step()


@torch.inference_mode()
def ask(
    name: str,
    model: nn.Module,
    n_passes: int,
    sample: Callable[[int, torch.Generator], torch.Tensor],
    n_samples: int,
    seed: int,
) -> Asked:
    """Sample a trained model."""
    made = sample(n_samples, torch.Generator().manual_seed(seed))
    texts = Counter("".join(CHARACTERS[k] for k in row) for row in made.tolist())
    return Asked(name, sum(p.numel() for p in model.parameters()), n_passes, texts)


def ask_all(n_samples: int, n_steps: int, seed: int) -> list[Asked]:
    """Train all models and ask each so many times."""
    asked = []
    for name, kind, n_passes in (
        ("autoregressive", Autoregressive, 2),
        ("one-shot", OneShot, 1),
        ("latent", Latent, 1),
        ("masked", Masked, 2),
    ):
        torch.manual_seed(seed)
        model = kind()
        train(model, n_steps, seed)
        if name == "masked":
            sample = functools.partial(model.sample, n_rounds=1)
            once = ask("masked, 1 round", model, 1, sample, n_samples, seed)
            asked.append(once)
            name = "masked, 2 rounds"
        asked.append(ask(name, model, n_passes, model.sample, n_samples, seed))
    return asked


def table(asked: list[Asked]) -> str:
    """Markdown: how often each answer was given, in per cent."""
    heads = ["way", "parameters", "passes", "right", *RIGHT, *NEVER_SAID, "other"]
    rows = [heads, ["---"] * len(heads)]
    for way in asked:
        shares = [way.share(RIGHT), *(way.share((text,)) for text in (*RIGHT, *NEVER_SAID))]
        shares.append(1 - way.share((*RIGHT, *NEVER_SAID)))
        counts = [f"{way.n_parameters:,}", str(way.n_passes)]
        rows.append([way.name, *counts, *(f"{100 * share:.1f} %" for share in shares)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main(argv: list[str] | None = None) -> int:
    """Train, ask and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10000, help="times that each is asked")
    parser.add_argument("--steps", type=int, default=800, help="training steps")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    print(table(ask_all(options.samples, options.steps, options.seed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
