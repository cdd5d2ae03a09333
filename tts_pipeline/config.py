"""Frozen dataclasses from YAML or JSON: every unknown, missing or mistyped key is an error."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from tts_pipeline.errors import ConfigError

T = TypeVar("T")


def from_mapping(kind: type[T], values: Any, where: str = "config") -> T:
    """Build the dataclass ``kind``, nested ones included, from a mapping of its fields.

    Whole numbers are taken where a real one is expected; lists become tuples. A field with
    ``metadata={"key": name}`` is called so in the mapping: for words that Python keeps for itself.

    Args:
        kind: a dataclass type.
        values: mapping from field name to value; fields with a default may be left out.
        where: what to call the mapping in messages.

    Raises:
        ConfigError: naming the key, its value, what was expected, and the known keys.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: {values!r}, expected a mapping of keys of {kind.__name__}")
    hints = typing.get_type_hints(kind)
    fields = {
        field.metadata.get("key", field.name): field
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
    }
    for key in values:
        if key not in fields:
            raise ConfigError(f"{where}.{key}: unknown key, expected one of {', '.join(fields)}")
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in values:
            expected = _describe(hints[field.name])
            raise ConfigError(f"{where}.{name}: missing, expected {expected}")
    given = {fields[key].name: (key, value) for key, value in values.items()}
    return kind(
        **{
            name: _convert(hints[name], value, f"{where}.{key}")
            for name, (key, value) in given.items()
        }
    )


def load_yaml(kind: type[T], path: str | Path, changes: Mapping[str, Any] | None = None) -> T:
    """Read a YAML file into the dataclass ``kind``; see :func:`from_mapping`.

    Args:
        kind: a dataclass type.
        path: of the file.
        changes: values that go before those of the file.

    Raises:
        ConfigError: also if the file cannot be read or is not YAML.
    """
    # PyYAML belongs to training; reading a voice must not need it.
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML ({error})") from error
    if isinstance(values, dict) or not values:
        values = {**(values or {}), **(changes or {})}
    return from_mapping(kind, values, str(path))


def _describe(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint):
        return from_mapping(typing.cast(type, hint), value, where)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        inner = [argument for argument in arguments if argument is not type(None)]
        return _convert(inner[0], value, where)
    if origin is tuple and isinstance(value, (list, tuple)):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_convert(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(value))
        if len(arguments) == len(value):
            pairs = zip(arguments, value, strict=True)
            return tuple(_convert(a, v, f"{where}[{i}]") for i, (a, v) in enumerate(pairs))
    if origin is dict and isinstance(value, dict):
        return {str(k): _convert(arguments[1], v, f"{where}.{k}") for k, v in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise ConfigError(f"{where}: {value!r}, expected {_describe(hint)}")
