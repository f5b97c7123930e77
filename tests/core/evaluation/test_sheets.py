# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is on a sheet is read back from its pixels: image panels are enlarged without a change."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.data.sample import Sample
from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.records import read_records
from depth_completion_core.evaluation.session import Case, Session
from depth_completion_core.frame import DepthPrediction
from depth_completion_core.geometry.arrays import UInt8Array
from depth_completion_core.pictures.depth_colors import ABOVE_SCALE
from depth_completion_core.pictures.panels import panel
from tests.core.evaluation.made_sets import MadeSet, Offset, made_sample

_PANEL, _BAR, _TITLE, _LABEL = (360, 480), 106, 32, 26
_ROW = _TITLE + _LABEL + _PANEL[0]


class _Worse(Offset):
    """The larger the number of a frame times 7 modulo 10, the worse its answer."""

    def predict(self, sample: Sample) -> tuple[DepthPrediction, float]:
        self._metres = 0.1 * (7 * int(sample.name[-3:]) % 10)
        return super().predict(sample)


def _evaluated(folder: Path, dataset: MadeSet, *predictors: Offset, rows: int = 3) -> None:
    session = Session(protocol_name="all", settings={}, sheet_rows=rows)
    session.evaluate(dataset, "made", [Case((), Condition(), folder)], [lambda: predictors])


def _picture(path: Path) -> UInt8Array:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _names_on(path: Path, known: list[str]) -> list[str]:
    """Whose image stands first in each row."""
    sheet = _picture(path)
    assert len(sheet) % _ROW == 0
    images = {name: made_sample(name, int(name[-3:])).image for name in known}
    found = []
    for top in range(0, len(sheet), _ROW):
        first = sheet[top + _TITLE + _LABEL : top + _ROW, : _PANEL[1]][7::15, 7::15]
        found += [name for name, image in images.items() if np.array_equal(image, first)]
    return found


def test_best_and_worst_are_those_of_the_csv(tmp_path: Path) -> None:
    dataset = MadeSet()
    _evaluated(tmp_path, dataset, _Worse("worse"))
    records = read_records(tmp_path / "worse" / "frames.csv")
    by_mae = sorted(records, key=lambda item: item.metrics.mae_mm if item.metrics else 0.0)
    order = [item.name for item in by_mae]
    assert order != dataset.names
    for sheet, expected in (
        ("best", order[:3]),
        ("worst", order[:-4:-1]),
        ("spread", [dataset.names[index] for index in (0, 4, 9)]),
    ):
        assert _names_on(tmp_path / "worse" / f"{sheet}.png", dataset.names) == expected, sheet


def test_panels_of_a_row(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(), Offset())
    sheet = _picture(tmp_path / "offset" / "best.png")
    width = (
        4 * _PANEL[1] + 2 * _BAR
    )  # image, measured, dense, error; a bar for depth, one for error
    assert sheet.shape == (3 * _ROW, width, 3)
    lefts = [0, _PANEL[1], 2 * _PANEL[1], 3 * _PANEL[1] + _BAR]
    shown = [sheet[_TITLE + _LABEL : _ROW, left : left + _PANEL[1]] for left in lefts]
    for index, one in enumerate(shown):
        assert one.std() > 3, index
        for other in shown[index + 1 :]:
            assert not np.array_equal(one, other)


def test_no_error_where_there_is_no_truth(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(without_truth=tuple(range(10))), Offset(), rows=2)
    folder = tmp_path / "offset"
    assert _picture(folder / "spread.png").shape == (2 * _ROW, 3 * _PANEL[1] + _BAR, 3)
    assert not (folder / "best.png").exists()
    assert not (folder / "worst.png").exists()


@pytest.mark.parametrize(("count", "best", "worst"), [(1, 1, 0), (2, 1, 1), (5, 3, 2), (9, 4, 4)])
def test_few_frames_are_shared_between_best_and_worst(
    tmp_path: Path, count: int, best: int, worst: int
) -> None:
    _evaluated(tmp_path, MadeSet(count=count), _Worse("w"), rows=4)
    names = MadeSet(count=count).names
    shown = [
        _names_on(path, names) if path.exists() else []
        for path in (tmp_path / "w" / f"{kind}.png" for kind in ("best", "worst"))
    ]
    assert [len(items) for items in shown] == [best, worst]
    assert not set(shown[0]) & set(shown[1])


def test_models_side_by_side(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(), Offset("a"), Offset("b", metres=1.0), rows=2)
    sheet = _picture(tmp_path / "side_by_side.png")
    column, height = 400, 2 * (_LABEL + 300)
    assert sheet.shape == (2 * (_TITLE + height), 3 * column + 2 * _BAR, 3)
    for row, name in enumerate(("made/000", "made/009")):
        image = made_sample(name, int(name[-3:])).image
        top = row * (_TITLE + height) + _TITLE
        expected = panel(image, "image", width=column)
        assert np.array_equal(sheet[top : top + _LABEL + 300, :column], expected)
    depths = [sheet[_TITLE : _TITLE + height, left : left + column] for left in (400, 800)]
    assert not np.array_equal(depths[0], depths[1])


def test_models_side_by_side_share_the_scale_of_errors(tmp_path: Path) -> None:
    """Errors of 1 m set the scale: they are marked, and those of 0.1 m are dark, not saturated."""
    _evaluated(tmp_path, MadeSet(), Offset("a", metres=0.1), Offset("b", metres=1.0), rows=1)
    sheet = _picture(tmp_path / "side_by_side.png")
    top = _TITLE + 2 * _LABEL + 300
    small, large = (sheet[top : top + 300, left : left + 400] for left in (400, 800))
    assert small.max() < 150
    assert large.max() > 200
    assert not (small == ABOVE_SCALE).all(axis=-1).any()


def test_one_model_has_nobody_beside_it(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(), Offset())
    assert not (tmp_path / "side_by_side.png").exists()


def test_frames_that_failed_are_on_no_sheet(tmp_path: Path) -> None:
    dataset = MadeSet(count=4, damaged=(0,))
    _evaluated(tmp_path, dataset, Offset(), Offset("b", fail_at="made/003"))
    names = dataset.names
    for label, absent in (("offset", {"made/000"}), ("b", {"made/000", "made/003"})):
        shown = set(_names_on(tmp_path / label / "spread.png", names))
        assert shown == set(names) - absent
    assert len(_picture(tmp_path / "side_by_side.png")) == 2 * (_TITLE + 2 * (_LABEL + 300))


def test_sheets_can_be_left_out(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(), Offset(), Offset("b"), rows=0)
    assert not list(tmp_path.rglob("*.png"))
