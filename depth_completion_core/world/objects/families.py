# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All families of objects, and choosing among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from depth_completion_core.world.objects.family import Family
from depth_completion_core.world.objects.furniture import FURNITURE
from depth_completion_core.world.objects.household import HOUSEHOLD
from depth_completion_core.world.objects.street_things import STREET

SceneKind = Literal["mixed", "room", "street"]
"""Kinds of scenes that can be asked for; mixed has both."""

FAMILIES: Mapping[str, Mapping[str, Family]] = {
    "room": {**FURNITURE, **HOUSEHOLD},
    "street": STREET,
}
"""By kind of scene, then by name."""

HELD_OUT = (
    "round_table", "wire_shelf", "sofa", "stool", "vase", "lamp", "bicycle", "sculpture", "cage",
    "wedge", "basket", "van", "bench", "traffic_light", "parked_bicycle", "planter",
)  # fmt: skip
"""A proposal: train ``without`` these, and measure on scenes of these ``families`` alone."""


class FamilyError(ValueError):
    """A family that is not known, or none left; the message lists the known ones."""


def chosen_families(
    kind: str, families: Sequence[str] = (), without: Sequence[str] = ()
) -> dict[str, Family]:
    """The families of a kind of scene that may appear.

    Args:
        kind: room or street.
        families: only these; all where empty. Names of other kinds of scenes are passed over.
        without: not these.

    Raises:
        FamilyError: a name is not known, or nothing is left.
    """
    known = sorted({name for table in FAMILIES.values() for name in table})
    strange = [name for name in (*families, *without) if name not in known]
    if strange:
        raise FamilyError(f"unknown family '{strange[0]}'; known are {', '.join(known)}")
    left = {
        name: family
        for name, family in FAMILIES[kind].items()
        if (not families or name in families) and name not in without
    }
    if not left:
        raise FamilyError(f"no family is left for a {kind}; it has {', '.join(FAMILIES[kind])}")
    return left
