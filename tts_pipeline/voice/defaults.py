"""Which models of a voice speak if none is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tts_pipeline.voice.models import ACOUSTIC, REFINER, VOCODER

# Between an acoustic model and the refiners behind it.
CHAIN = "+"
# The vocoder that every voice has.
GRIFFIN_LIM = "griffin-lim"


@dataclasses.dataclass(frozen=True)
class Defaults:
    """Which models speak if none is asked for.

    Attributes:
        acoustic: name of an acoustic model, "acoustic+refiner" with a refiner behind it; None: the
            voice's first one.
        vocoder: name of a vocoder; None: the voice's first one.
    """

    acoustic: str | None = None
    vocoder: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """Those that are named, by role."""
        named = {ACOUSTIC: self.acoustic, VOCODER: self.vocoder}
        return {role: name for role, name in named.items() if name is not None}

    @property
    def models(self) -> tuple[str, ...]:
        """Name of each model among them."""
        return tuple(part for name in self.given.values() for part in name.split(CHAIN))

    def fault(self, roles: Mapping[str, str]) -> str:
        """What is wrong with them in a voice of these models; empty if nothing is.

        Args:
            roles: of the voice's models by name.
        """
        for role, value in self.given.items():
            first, *refiners = value.split(CHAIN) if role == ACOUSTIC else [value]
            for name, wanted in [(first, role), *((refiner, REFINER) for refiner in refiners)]:
                if roles.get(name) == wanted or (name, wanted) == (GRIFFIN_LIM, VOCODER):
                    continue
                known = ", ".join(key for key, other in roles.items() if other == wanted)
                what = f"is of role {roles[name]}" if name in roles else "is no model of it"
                return (
                    f"defaults.{role}={value!r}: {name!r} {what}, expected one of role {wanted}: "
                    f"{known or 'there is none'}"
                )
        return ""
