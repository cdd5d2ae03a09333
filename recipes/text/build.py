"""Compile the data that the text front end ships.

    python recipes/text/build.py --cmudict PATH/cmudict.dict --homographs DIR --out DIR

``README.md`` beside this file says what each step measures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dictionary import read_cmudict
from graphones import train_graphones
from homograph_model import train_homographs

from tts_pipeline.text.lexicon import pack_lexicon


def main(arguments: list[str] | None = None) -> int:
    """Run the whole build; every file it writes depends on the inputs only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cmudict", type=Path, required=True, help="cmudict.dict")
    parser.add_argument(
        "--homographs", type=Path, required=True, help="folder of train.tsv and wordids.tsv"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the compiled data")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    pronunciations = read_cmudict(options.cmudict)
    first = {word: sounds[0] for word, sounds in pronunciations.items() if "." not in word}
    (options.out / "lexicon.bin").write_bytes(pack_lexicon(first))
    model = train_homographs(options.homographs, pronunciations)
    (options.out / "homographs.bin").write_bytes(model)
    for name, folder in (("cmudict", options.cmudict.parent), ("homographs", options.homographs)):
        (options.out / f"NOTICE.{name}").write_bytes((folder / "LICENSE").read_bytes())
    (options.out / "oov.bin").write_bytes(train_graphones(pronunciations))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
