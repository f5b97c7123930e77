# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from depth_completion_core.files.json_files import without_nan, write_json


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    values = {"a": [1, 2.5, None, True], "ä": {"b": "c"}}
    write_json(tmp_path / "new" / "a.json", values)
    text = (tmp_path / "new" / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == values
    assert text.endswith("}\n")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_nan_is_refused_and_left_out_by_one_rule(tmp_path: Path, number: float) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        write_json(path, {"a": number})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": 1}
    write_json(path, without_nan({"a": number, "b": 2.0}))
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": None, "b": 2.0}
    assert list(tmp_path.iterdir()) == [path]
