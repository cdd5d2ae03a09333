"""Compile the data that the text front end ships.

    python recipes/text/build.py --cmudict PATH/cmudict.dict --homographs DIR --out DIR

``README.md`` beside this file says what each step does and what was measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dictionary import read_cmudict
from graphones import train_graphones
from heldout import SEED, held_out, measure
from homograph_model import accuracy, train_homographs

from tts_pipeline.text.english.homographs import read_homographs
from tts_pipeline.text.english.lexicon import pack_lexicon, read_lexicon
from tts_pipeline.text.english.oov_file import read_graphones

STEPS = ("lexicon", "homographs", "oov")


def main(arguments: list[str] | None = None) -> int:
    """Run the build; what it writes depends on its inputs and seeds only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cmudict", type=Path, required=True, help="cmudict.dict")
    parser.add_argument(
        "--homographs", type=Path, required=True, help="folder of train.tsv and wordids.tsv"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the compiled data")
    parser.add_argument("--only", choices=STEPS, help="one step instead of all")
    parser.add_argument("--epochs", type=int, help="of the network's training (a quick trial: 1)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    pronunciations = {
        word: sounds
        for word, sounds in read_cmudict(options.cmudict).items()
        # The normaliser hands on words of letters and apostrophes only.
        if word.replace("'", "").isalpha()
    }
    first = {word: sounds[0] for word, sounds in pronunciations.items()}
    steps = [options.only] if options.only else STEPS
    for name, folder in (("cmudict", options.cmudict.parent), ("homographs", options.homographs)):
        (options.out / f"NOTICE.{name}").write_bytes((folder / "LICENSE").read_bytes())
    if "lexicon" in steps:
        (options.out / "lexicon.bin").write_bytes(pack_lexicon(first))
    if "homographs" in steps:
        path = options.out / "homographs.bin"
        path.write_bytes(train_homographs(options.homographs, pronunciations))
        right = accuracy(read_homographs(path), options.homographs / "test.tsv")
        print(f"homographs: {right:.4f} right on test.tsv")
    if "oov" in steps:
        build_oov(options.out, pronunciations, options.epochs)
    return 0


def build_oov(
    out: Path, pronunciations: dict[str, list[tuple[str, ...]]], epochs: int | None
) -> None:
    """Train the model without the words held out, and measure it on them."""
    words = held_out(list(pronunciations))
    path = out / "oov.bin"
    path.write_bytes(train_graphones(pronunciations, without=set(words), epochs=epochs))
    known = {word: p[0] for word, p in pronunciations.items() if word not in set(words)}
    partial = out / "partial.bin"
    partial.write_bytes(pack_lexicon(known))
    result = measure(words, pronunciations, read_lexicon(partial), read_graphones(path))
    partial.unlink()
    result = {"seed": SEED, **result}
    (out / "oov.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    raise SystemExit(main())
