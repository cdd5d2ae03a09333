"""Frozen dataclasses from YAML or JSON: every unknown, missing or mistyped key is an error."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from tts_pipeline.errors import ConfigError

T = TypeVar("T")


def within(default: Any, low: float, high: float) -> Any:
    """A field of a config dataclass whose number must lie in a range, as :func:`from_mapping` sees
    to.

    Args:
        default: value if it is left out.
        low: the smallest that is taken.
        high: the largest that is taken.
    """
    return dataclasses.field(default=default, metadata={"within": (low, high)})


def from_mapping(kind: type[T], values: Any, where: str = "config", *, complete: bool = False) -> T:
    """Build the dataclass ``kind``, nested ones included, from a mapping of its fields.

    Whole numbers are taken where a real one is expected; lists become tuples; numbers must be
    finite. A field with ``metadata={"key": name}`` is called so in the mapping: for words that
    Python keeps for itself.

    Args:
        kind: a dataclass type.
        values: mapping from field name to value; fields with a default may be left out.
        where: what to call the mapping in messages.
        complete: no field may be left out but those with ``metadata={"later": True}``, which were
            added after mappings had been written.

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
        required |= complete and not field.metadata.get("later", False)
        if required and name not in values:
            expected = _describe(hints[field.name])
            raise ConfigError(f"{where}.{name}: missing, expected {expected}")
    given = {}
    for key, value in values.items():
        field = fields[key]
        converted = _convert(hints[field.name], value, f"{where}.{key}", complete)
        low, high = field.metadata.get("within", (-math.inf, math.inf))
        if isinstance(converted, (int, float)) and not low <= converted <= high:
            raise ConfigError(f"{where}.{key}: {_shown(value)}, expected {low:g} to {high:g}")
        given[field.name] = converted
    return kind(**given)


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


def _shown(value: Any) -> str:
    """What was given, if need be its beginning only."""
    if isinstance(value, int) and value.bit_length() > 256:
        return f"a number of more than {int(value.bit_length() * math.log10(2))} digits"
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _convert(hint: Any, value: Any, where: str, complete: bool) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint):
        return from_mapping(typing.cast(type, hint), value, where, complete=complete)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        inner = [argument for argument in arguments if argument is not type(None)]
        return _convert(inner[0], value, where, complete)
    if origin is tuple and isinstance(value, (list, tuple)):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            item = arguments[0]
            return tuple(_convert(item, v, f"{where}[{i}]", complete) for i, v in enumerate(value))
        if len(arguments) == len(value):
            pairs = zip(arguments, value, strict=True)
            return tuple(
                _convert(a, v, f"{where}[{i}]", complete) for i, (a, v) in enumerate(pairs)
            )
    if origin is dict and isinstance(value, dict):
        return {
            str(k): _convert(arguments[1], v, f"{where}.{k}", complete) for k, v in value.items()
        }
    if hint is float and type(value) in (int, float):
        try:
            value = float(value)
        except OverflowError:
            value = math.inf if value > 0 else -math.inf
        if not math.isfinite(value):
            raise ConfigError(f"{where}: {value}, expected a finite number")
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise ConfigError(f"{where}: {_shown(value)}, expected {_describe(hint)}")
