"""Training of the networks that weigh the n-gram's candidates once more."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn

from tts_pipeline.text.english.rescore import HISTORY, N_LETTERS, WINDOW
from tts_pipeline.text.phones import Phones

EPOCHS = 8
BATCH = 512
LEARNING_RATE = 4e-3
DROPOUT = 0.2
SEED = 1
LETTER_SIZE, GRAPHONE_SIZE, FIRST, SECOND = 20, 24, 256, 128


class Network(nn.Module):
    """Letters around a place and the graphones before it to the graphone of the place."""

    def __init__(self, n_graphones: int) -> None:
        super().__init__()
        self.letters = nn.Embedding(N_LETTERS, LETTER_SIZE)
        self.graphones = nn.Embedding(n_graphones, GRAPHONE_SIZE)
        span = 2 * WINDOW + 1
        self.first = nn.Linear(span * LETTER_SIZE + HISTORY * GRAPHONE_SIZE, FIRST)
        self.second = nn.Linear(FIRST, SECOND)
        self.out = nn.Linear(SECOND, n_graphones)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, letters: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Return logits (B, V) from letters (B, 13) and graphones before (B, 5)."""
        seen = [self.letters(letters).flatten(1), self.graphones(before).flatten(1)]
        layer = self.dropout(torch.relu(self.first(torch.cat(seen, 1))))
        layer = self.dropout(torch.relu(self.second(layer)))
        return self.out(layer)


def examples(
    graphones: list[tuple[str, Phones]], sequences: list[list[int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return letters (n, 13), graphones before (n, 5) and graphone (n,) of every letter."""
    codes = [ord(letter) - ord("a") + 1 if letter else 0 for letter, _ in graphones]
    letters, before, answers = [], [], []
    for sequence in sequences:
        path = sequence[1:-1]
        around = [0] * WINDOW + [codes[index] for index in path] + [0] * WINDOW
        history = [0] * HISTORY + path
        for place, answer in enumerate(path):
            letters.append(around[place : place + 2 * WINDOW + 1])
            before.append(history[place : place + HISTORY])
            answers.append(answer)
    return np.array(letters, np.int16), np.array(before, np.int16), np.array(answers, np.int64)


def train_networks(
    graphones: list[tuple[str, Phones]], sequences: list[list[int]], *, epochs: int | None = None
) -> list[dict[str, np.ndarray]]:
    """Return the weights of a network that reads forwards and of one that reads backwards.

    Without any epoch there are none.
    """
    if epochs == 0:
        return []
    backwards = [sequence[::-1] for sequence in sequences]
    count = EPOCHS if epochs is None else epochs
    return [
        train_network(graphones, sequences, epochs=count),
        train_network(graphones, backwards, epochs=count),
    ]


def train_network(
    graphones: list[tuple[str, Phones]], sequences: list[list[int]], *, epochs: int
) -> dict[str, np.ndarray]:
    """Train on one thread and return the weights that :class:`Rescorer` reads."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    letters, before, answers = (torch.from_numpy(a) for a in examples(graphones, sequences))
    network = Network(len(graphones))
    steps = epochs * (len(answers) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, total_steps=max(steps, 2)
    )
    start = time.monotonic()
    for epoch in range(epochs):
        order = torch.randperm(len(answers))
        total = 0.0
        for batch in order[: len(order) // BATCH * BATCH].view(-1, BATCH):
            logits = network(letters[batch].long(), before[batch].long())
            loss = nn.functional.cross_entropy(logits, answers[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        mean = total / (len(order) // BATCH)
        print(f"epoch {epoch + 1}: loss {mean:.4f}, {time.monotonic() - start:.0f} s", flush=True)
    return {
        "letters": _array(network.letters.weight),
        "graphones": _array(network.graphones.weight),
        "first": _array(network.first.weight.T),
        "first_bias": _array(network.first.bias),
        "second": _array(network.second.weight.T),
        "second_bias": _array(network.second.bias),
        "out": _array(network.out.weight.T),
        "out_bias": _array(network.out.bias),
    }


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()
