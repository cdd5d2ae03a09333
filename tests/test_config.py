from __future__ import annotations

import dataclasses

import pytest

from tts_pipeline.config import from_mapping, load_yaml
from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Inner:
    size: int = 3
    rate: float = 0.5


@dataclasses.dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = Inner()
    steps: tuple[int, ...] = (1, 2)
    span: tuple[float, float] = (0.0, 1.0)
    weights: dict[str, float] = dataclasses.field(default_factory=dict)
    note: str | None = None
    flag: bool = False


def test_values_take_their_types_and_defaults_fill_in():
    made = from_mapping(
        Outer,
        {
            "name": "a",
            "inner": {"rate": 2},
            "steps": [4],
            "span": [1, 2.5],
            "weights": {"x": 1},
            "note": None,
        },
    )
    assert made == Outer("a", Inner(3, 2.0), (4,), (1.0, 2.5), {"x": 1.0})
    assert isinstance(made.inner.rate, float) and isinstance(made.weights["x"], float)
    assert from_mapping(Outer, {"name": "a", "note": "n"}).note == "n"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "a", "nmae": 1}, r"recipe\.nmae: unknown key, expected one of name, inner"),
        ({}, r"recipe\.name: missing, expected str"),
        ({"name": 3}, r"recipe\.name: 3, expected str"),
        ({"name": "a", "inner": {"sizes": 1}}, r"recipe\.inner\.sizes: unknown key"),
        ({"name": "a", "inner": {"size": 1.5}}, r"recipe\.inner\.size: 1.5, expected int"),
        ({"name": "a", "inner": {"size": True}}, r"recipe\.inner\.size: True, expected int"),
        ({"name": "a", "inner": {"rate": True}}, r"recipe\.inner\.rate: True, expected float"),
        ({"name": "a", "inner": {"rate": "1e-3"}}, r"recipe\.inner\.rate: '1e-3', expected float"),
        ({"name": "a", "inner": 4}, r"recipe\.inner: 4, expected a mapping of keys of Inner"),
        ({"name": "a", "steps": [1, "b"]}, r"recipe\.steps\[1\]: 'b', expected int"),
        ({"name": "a", "span": [1.0]}, r"recipe\.span: \[1.0\], expected tuple"),
        ({"name": "a", "weights": {"x": "y"}}, r"recipe\.weights\.x: 'y', expected float"),
        ({"name": "a", "flag": 1}, r"recipe\.flag: 1, expected bool"),
        ([1], r"recipe: \[1\], expected a mapping of keys of Outer"),
    ],
)
def test_wrong_keys_and_types_are_named(values, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(Outer, values, "recipe")


def test_yaml_files(tmp_path):
    pytest.importorskip("yaml")
    path = tmp_path / "c.yaml"
    path.write_text("name: a\ninner: {rate: 1.0e-3}\n")
    assert load_yaml(Outer, path) == Outer("a", Inner(rate=1e-3))
    path.write_text("name: [1\n")
    with pytest.raises(ConfigError, match=r"c\.yaml: not valid YAML"):
        load_yaml(Outer, path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        load_yaml(Outer, path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml(Outer, tmp_path / "none.yaml")
    path.write_text("")
    with pytest.raises(ConfigError, match="name: missing"):
        load_yaml(Outer, path)


def test_yaml_runs_no_code(tmp_path):
    pytest.importorskip("yaml")
    path = tmp_path / "c.yaml"
    path.write_text("name: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_yaml(Outer, path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("dropout", int("1" + "0" * 400), "dropout: inf, expected a finite number"),
        ("dropout", float("nan"), "dropout: nan, expected a finite number"),
        ("prenet_dropout", 1e9, r"prenet_dropout: 1000000000.0, expected 0 to 0.95"),
        ("encoder_blocks", 10**9, "encoder_blocks: 1000000000, expected 0 to 64"),
        ("channels", 10**400, "channels: a number of more than 400 digits, expected 1 to 8192"),
    ],
)
def test_numbers_beyond_reason_are_refused(key: str, value: object, message: str) -> None:
    from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig

    with pytest.raises(ConfigError, match=message):
        from_mapping(AutoregressiveConfig, {key: value})


def test_a_complete_mapping_lacks_only_what_was_added_later() -> None:
    from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig

    values = dataclasses.asdict(GeneratorConfig())
    del values["detail"]
    assert from_mapping(GeneratorConfig, values, complete=True) == GeneratorConfig()
    del values["pitch"]["f0_min"]
    assert from_mapping(GeneratorConfig, values) == GeneratorConfig()
    with pytest.raises(ConfigError, match=r"pitch.f0_min: missing, expected float"):
        from_mapping(GeneratorConfig, values, complete=True)
