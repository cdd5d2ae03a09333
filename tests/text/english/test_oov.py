"""The model for unknown words: decoder, packing, training, and its errors on words held out."""

from __future__ import annotations

import itertools
import json
import math
import random

import numpy as np
import pytest

from tests.text.english.recipe_modules import recipe_module
from tts_pipeline.errors import TextError
from tts_pipeline.text.english.lexicon import DATA, pack_lexicon, read_lexicon, shipped_lexicon
from tts_pipeline.text.english.oov import MAX_WORD, Graphones
from tts_pipeline.text.english.oov_file import pack_graphones, read_graphones, shipped_graphones
from tts_pipeline.text.english.rescore import HISTORY, WINDOW, Rescorer
from tts_pipeline.text.symbols import encode

WORDS = {
    "cat": "K AE1 T", "cats": "K AE1 T S", "act": "AE1 K T", "tact": "T AE1 K T",
    "sat": "S AE1 T", "cast": "K AE1 S T", "taxi": "T AE1 K S IY0", "ax": "AE1 K S",
    "tax": "T AE1 K S", "chat": "CH AE1 T", "aha": "AA0 HH AA1", "hat": "HH AE1 T",
    "that": "DH AE1 T", "hits": "HH IH1 T S", "sit": "S IH1 T", "chit": "CH IH1 T",
}  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    """A small model: (graphones, orders of n-grams, sequences)."""
    pairs = [(word, tuple(phones.split())) for word, phones in sorted(WORDS.items())]
    cuts = recipe_module("align").align(pairs)
    graphones = [("", ()), ("", ()), *sorted({g for cut in cuts for g in cut})]
    ids = {graphone: index for index, graphone in enumerate(graphones) if index > 1}
    sequences = [[0, *(ids[g] for g in cut), 1] for cut in cuts]
    orders = recipe_module("ngram").train(sequences, len(graphones), order=4, prune=0.0)
    return graphones, orders, sequences


def model_of(trained):
    graphones, orders, _ = trained
    return pack_graphones(
        graphones,
        [level.keys for level in orders],
        [level.log_p for level in orders],
        [level.log_bow for level in orders],
        [],
    )


def test_alignment_spells_word_and_phones():
    pairs = [(word, tuple(phones.split())) for word, phones in WORDS.items()]
    for (word, phones), cut in zip(pairs, recipe_module("align").align(pairs)):
        assert "".join(letter for letter, _ in cut) == word
        assert tuple(p for _, sounds in cut for p in sounds) == phones
    cuts = dict(zip(WORDS, recipe_module("align").align(pairs)))
    assert cuts["ax"] == [("a", ("AE1",)), ("x", ("K", "S"))]
    assert recipe_module("align").align([("a", ("T",) * 3), ("tt", ("T",))])[0] is None


def log_p(orders, size, context, graphone):
    """Probability of a graphone after a context, by the definition of back-off."""
    for n in range(min(len(context), len(orders) - 1), -1, -1):
        node = 0
        found = True
        for k, symbol in enumerate([*context[len(context) - n :], graphone]):
            key = symbol if k == 0 else node * size + symbol
            place = np.searchsorted(orders[k].keys, key)
            found = place < len(orders[k].keys) and orders[k].keys[place] == key
            if not found:
                break
            node = int(place)
        if found:
            return orders[n].log_p[node]
        weight = 0.0
        node, known = 0, n > 0
        for k, symbol in enumerate(context[len(context) - n :]):
            key = symbol if k == 0 else node * size + symbol
            place = np.searchsorted(orders[k].keys, key)
            known = place < len(orders[k].keys) and orders[k].keys[place] == key
            if not known:
                break
            node = int(place)
        if known:
            weight = orders[n - 1].log_bow[node]
        if weight:
            return weight + log_p(orders, size, context[len(context) - n + 1 :], graphone)
    raise AssertionError("a graphone without a probability of its own")


@pytest.mark.parametrize("prune", [0.0, 5e-3])
def test_probabilities_sum_to_one(trained, prune):
    graphones, _, sequences = trained
    size = len(graphones)
    orders = recipe_module("ngram").train(sequences, size, order=4, prune=prune)
    chance = random.Random(3)
    for _ in range(40):
        sequence = chance.choice(sequences)
        end = chance.randint(1, len(sequence) - 1)
        context = sequence[max(0, end - 3) : end]
        total = sum(math.exp(log_p(orders, size, context, g)) for g in range(1, size))
        assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("word", ["cat", "tacs", "xat", "hahs", "chast"])
def test_decoder_finds_the_best_of_all_paths(trained, tmp_path, word):
    graphones, orders, _ = trained
    path = tmp_path / "oov.bin"
    path.write_bytes(model_of(trained))
    best: dict[tuple[str, ...], float] = {}
    choices = [[i for i, (letter, _) in enumerate(graphones) if letter == c] for c in word]
    for ids in itertools.product(*choices):
        whole = [0, *ids, 1]
        score = sum(
            log_p(orders, len(graphones), whole[max(0, at - 3) : at], whole[at])
            for at in range(1, len(whole))
        )
        phones = tuple(p for i in ids for p in graphones[i][1])
        best[phones] = best.get(phones, 0.0) + math.exp(score)
    ranked = read_graphones(path).ranked(word, beam=10_000, spread=math.inf)
    total = sum(best.values())
    assert {guess.phones for guess in ranked} == {phones for phones in best if phones}
    # Stored in steps of 0.04 nats.
    assert ranked[0].confidence == pytest.approx(max(best.values()) / total, rel=0.15)
    assert best[ranked[0].phones] > 0.8 * max(best.values())


def test_rescorer_equals_the_network_it_was_trained_as():
    torch = pytest.importorskip("torch")
    network = recipe_module("network")
    torch.manual_seed(0)
    graphones = [("", ()), ("", ()), ("a", ("AA1",)), ("b", ("B",)), ("b", ())]
    weights = network.train_network(graphones, [[0, 2, 3, 4, 1]] * 600, epochs=1)
    module = network.Network(len(graphones)).eval()
    for name in ("letters", "graphones"):
        getattr(module, name).weight.data = torch.from_numpy(weights[name])
    for name in ("first", "second", "out"):
        getattr(module, name).weight.data = torch.from_numpy(weights[name].T)
        getattr(module, name).bias.data = torch.from_numpy(weights[f"{name}_bias"])
    sequence = [0, 2, 3, 4, 4, 1]
    letters, before, answers = network.examples(graphones, [sequence])
    assert letters.shape == (4, 2 * WINDOW + 1)
    assert before.shape == (4, HISTORY)
    with torch.no_grad():
        logits = module(torch.from_numpy(letters).long(), torch.from_numpy(before).long())
        wanted = torch.log_softmax(logits, 1)[range(4), answers].sum().item()
    paths = np.array([sequence[1:-1], [2, 3, 3, 3]])
    scores = Rescorer(weights).scores(np.array([1, 2, 2, 2]), paths)
    assert scores[0] == pytest.approx(wanted, abs=1e-4)
    assert scores[1] != pytest.approx(wanted, abs=1e-4)


def test_every_string_of_letters_has_phones():
    model = shipped_graphones()
    assert model.guess("") is None
    assert model.guess("'-é") is None
    chance = random.Random(5)
    for length in (1, 2, 3, 8, MAX_WORD, MAX_WORD + 1, 3 * MAX_WORD):
        word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=length))
        guess = model.guess(word)
        assert guess is None or 0 <= guess.confidence <= 1 + 1e-9
        for phone in guess.phones if guess else ():
            encode(phone)


@pytest.mark.parametrize("cut", [0, 10, 5000, -1])
def test_damaged_model_is_named(tmp_path, cut):
    path = tmp_path / "oov.bin"
    path.write_bytes((DATA / "oov.bin").read_bytes()[:cut])
    with pytest.raises(TextError, match=r"oov\.bin"):
        read_graphones(path)


@pytest.fixture(scope="module")
def held_out_words():
    """The words that the shipped model was trained without, and the dictionary without them."""
    lexicon = shipped_lexicon()
    entries = {
        word: lexicon.get(word) for word in (lexicon[i].decode() for i in range(len(lexicon)))
    }
    words = recipe_module("heldout").held_out(list(entries))
    return words, entries


def partial_lexicon(folder, words, entries):
    path = folder / "partial.bin"
    left_out = set(words)
    path.write_bytes(pack_lexicon({w: p for w, p in entries.items() if w not in left_out}))
    return read_lexicon(path)


def test_errors_on_words_held_out(held_out_words, tmp_path):
    """Against the dictionary's first pronunciation only, so the bounds are a little wider."""
    words, entries = held_out_words
    result = recipe_module("heldout").measure(
        words,
        {word: [entries[word]] for word in words},
        partial_lexicon(tmp_path, words, entries),
        shipped_graphones(),
    )
    assert result["words"] == 1000
    assert result["word_error"] <= 0.27
    assert result["phone_error"] <= 0.07
    assert result["stress_right"] >= 0.8


def test_the_figures_beside_the_data_are_those_of_the_shipped_model(
    held_out_words, tmp_path, shared_dir
):
    words, entries = held_out_words
    path = shared_dir / "text" / "cmudict" / "cmudict.dict"
    result = recipe_module("heldout").measure(
        words,
        recipe_module("dictionary").read_cmudict(path),
        partial_lexicon(tmp_path, words, entries),
        shipped_graphones(),
    )
    written = json.loads((DATA / "oov.json").read_text(encoding="utf-8"))
    for name in ("word_error", "phone_error", "stress_right"):
        assert result[name] == pytest.approx(written[name], abs=2e-3)
    assert written["word_error"] <= 0.25
    assert written["phone_error"] <= 0.065
    assert written["stress_right"] >= 0.8


def test_graphones_hold_no_more_than_their_arguments():
    model = Graphones(
        [("", ()), ("", ()), ("a", ("AA1",))],
        [np.arange(3, dtype=np.int32), np.array([2, 7], np.int32)],
        [np.array([255, 50, 50], np.uint8), np.array([1, 1], np.uint8)],
        [np.array([50, 50, 50], np.uint8)],
    )
    guess = model.guess("a")
    assert guess is not None
    assert guess.phones == ("AA1",)
    assert guess.confidence == 1
