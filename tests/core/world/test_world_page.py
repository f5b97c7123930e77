# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/world.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from depth_completion_core.world.bank.batch_sensors import BANK_SENSORS
from depth_completion_core.world.objects.families import FAMILIES, HELD_OUT
from depth_completion_core.world.sensors.sensor_setup import SENSOR_KINDS

_PAGE = Path(__file__).parents[3] / "docs" / "world.md"


def _names(text: str) -> list[str]:
    return re.findall(r"[a-z_]+", text)


@pytest.mark.parametrize("kind", ["room", "street"])
def test_the_page_lists_all_families(kind: str) -> None:
    listed = re.search(rf"^- {kind}s \((\d+)\): ([a-z_,\s]+)$", _PAGE.read_text(), re.MULTILINE)
    assert listed is not None
    assert int(listed[1]) == len(FAMILIES[kind])
    assert _names(listed[2]) == list(FAMILIES[kind])


def test_the_page_names_the_held_out_families() -> None:
    listed = re.search(r"can be measured: ([a-z_,;\s]+)\.", _PAGE.read_text())
    assert listed is not None
    assert _names(listed[1]) == list(HELD_OUT)


def test_the_page_describes_every_sensor() -> None:
    page = _PAGE.read_text()
    for name in (*SENSOR_KINDS, *BANK_SENSORS):
        assert f"`{name}`" in page, name
