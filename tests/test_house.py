"""The house: arrows between modules point down, no circle, and no PyTorch on the way to sound."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1] / "tts_pipeline"
# From the ground up. A room may use those of the floors below it, none of its own floor or above.
FLOORS = (
    ("errors", "cores", "processes", "connections"),
    ("atomic", "config"),
    ("text", "nn"),
    ("audio",),
    ("protocols",),
    ("style", "intonation", "features", "vocoder", "timestamps", "corpus", "comparison"),
    ("acoustic",),
    ("voice",),
    ("speech_options",),
    ("sentence",),
    ("timeline",),
    ("ahead",),
    ("synthesis",),
    ("training", "evaluation", "listening", "serve"),
    ("recipe",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
# Within a room the same: what stands further left knows nothing of what stands to its right.
WITHIN = {
    "text": ("symbols", "phones", "protocol", "markup", "english", "espeak"),
    "evaluation": (
        "statistics",
        "metrics",
        "isolated",
        "tables",
        "plots",
        "compare",
        "pages",
        "scorecard",
    ),
    "listening": ("design", "collect", "analysis"),
    "commands": ("options", "batch", "table", "speak"),
}
# Families of one room do not know each other, but for what they say they share.
FAMILIES = {
    "vocoder": {"harmonic_noise": set(), "wavenet": set()},
    "acoustic": {
        "aligner": set(),
        "autoregressive": set(),
        "one_shot": set(),
        "latent": {"one_shot"},
        "pyramid": {"one_shot"},
        "flow": set(),
        "fixed_length": set(),
        "coded": set(),
        "masked": set(),
        "prosody": {"flow"},
        "flow_head": {"autoregressive", "flow"},
    },
}
FACE = "tts_pipeline"


class Arrow(NamedTuple):
    """A module uses another one.

    Attributes:
        user: dotted name without the package's.
        used: likewise.
        names: imported from it.
        at_once: whether importing the one imports the other.
    """

    user: str
    used: str
    names: tuple[str, ...]
    at_once: bool


def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name without the package's."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imports(node: ast.AST, at_once: bool = True) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Module, names and whether at once of every import but those for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.ImportFrom) and child.module:
            assert child.level == 0, "relative imports hide where an arrow points"
            yield child.module, tuple(alias.name for alias in child.names), at_once
        elif isinstance(child, ast.Import):
            for alias in child.names:
                yield alias.name, (), at_once
        function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from imports(child, at_once and not function)


def arrows() -> list[Arrow]:
    """All arrows within the package."""
    found = []
    for user, tree in MODULES.items():
        for module, names, at_once in imports(tree):
            if module.split(".")[0] != FACE:
                continue
            used = module.removeprefix(FACE).removeprefix(".")
            inner = {name for name in names if f"{used}.{name}".removeprefix(".") in MODULES}
            for name in inner:
                found.append(Arrow(user, f"{used}.{name}".removeprefix("."), (), at_once))
            rest = tuple(name for name in names if name not in inner)
            if rest or not names:
                found.append(Arrow(user, used, rest, at_once))
    return found


ARROWS = arrows()
LEVEL = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room(module: str) -> str:
    return module.split(".")[0]


def test_every_room_has_a_floor() -> None:
    rooms = {room(name) for name in MODULES if name}
    assert rooms == set(LEVEL), "write a new room down in FLOORS"
    assert len(ARROWS) > 500, "else the imports are not read"


def test_arrows_between_rooms_point_down() -> None:
    wrong = [
        f"{arrow.user} -> {arrow.used}"
        for arrow in ARROWS
        if arrow.user and arrow.used and room(arrow.user) != room(arrow.used)
        if LEVEL[room(arrow.used)] >= LEVEL[room(arrow.user)]
    ]
    assert not wrong


def test_the_face_is_used_from_above_what_it_shows() -> None:
    wrong = [
        arrow.user
        for arrow in ARROWS
        if arrow.user and not arrow.used and set(arrow.names) != {"__version__"}
        if LEVEL[room(arrow.user)] <= LEVEL["synthesis"]
    ]
    assert not wrong


@pytest.mark.parametrize("name", WITHIN)
def test_arrows_within_a_room_point_down(name: str) -> None:
    order = {part: place for place, part in enumerate(WITHIN[name])}
    wrong = []
    for arrow in ARROWS:
        user, used = (module.split(".") for module in (arrow.user, arrow.used))
        if user[0] == used[0] == name and len(user) > 1 and len(used) > 1:
            one, other = order.get(user[1]), order.get(used[1])
            if one is not None and other is not None and one < other:
                wrong.append(f"{arrow.user} -> {arrow.used}")
    assert not wrong


@pytest.mark.parametrize("name", FAMILIES)
def test_families_do_not_know_each_other(name: str) -> None:
    families = FAMILIES[name]
    folders = {path.name for path in (ROOT / name).iterdir() if (path / "__init__.py").exists()}
    assert folders == set(families), "write a new family down in FAMILIES"
    wrong = []
    for arrow in ARROWS:
        user, used = (module.split(".") for module in (arrow.user, arrow.used))
        if user[0] == used[0] == name and len(used) > 2 and used[1] in families:
            # What all families share stands beside them, and knows none of them.
            allowed = {user[1], *families.get(user[1], set())}
            if used[1] not in allowed:
                wrong.append(f"{arrow.user} -> {arrow.used}")
    assert not wrong


def test_no_circle_of_modules() -> None:
    graph: dict[str, set[str]] = {name: set() for name in MODULES}
    for arrow in ARROWS:
        if arrow.used and arrow.used != arrow.user:
            graph[arrow.user].add(arrow.used)
    graph[""] = set()  # The face loads what it names when it is asked.
    # Raises graphlib.CycleError, which names the circle.
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(MODULES)


def reached(start: set[str]) -> set[str]:
    """What importing some modules imports at once."""
    found, waiting = set(), set(start)
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= {a.used for a in ARROWS if a.user == module and a.at_once} - found
    return found


def test_nothing_on_the_way_to_sound_imports_pytorch() -> None:
    """Statically; ``tests/test_face.py`` sees what is loaded in fact."""
    engines = {
        name
        for name in MODULES
        if room(name) in ("acoustic", "features", "vocoder")
        and name.endswith((".engine", "griffin_lim"))
    }
    assert len(engines) > 8
    heavy = ("torch", "torchaudio", "librosa", "scipy", "matplotlib", "lightning_fabric")
    wrong = [
        f"{name} imports {module}"
        for name in sorted(reached({"synthesis", *engines}))
        for module, _, at_once in imports(MODULES[name])
        if at_once and module.split(".")[0] in heavy
    ]
    assert not wrong
