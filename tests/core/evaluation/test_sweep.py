# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.curves import Curve, is_wide
from depth_completion_core.evaluation.plots import PlotError, plot_curves
from depth_completion_core.evaluation.sweep import (
    AXES,
    Sweep,
    SweepError,
    sweep_cases,
    sweeps_from,
)
from depth_completion_core.frame import SparseDepth
from tests.core.evaluation.made_sets import (
    evaluated,
    made_sample,
    means_in,
    results_in,
    write_folder_set,
)

_MODELS = ("--model", "nearest", "morphological")
_SPOILED = ("noise", "outliers", "dropouts", "misplaced")
# Of every sweep two values, the option that a run without a sweep has for the second of them, and
# which way the number of points goes.
_CHECKED = {
    "points": ("50,200", ("--points", "uniform:200"), 1),
    "measured": ("20,40", ("--points", "measured:40"), 1),
    "lines": ("4,12", ("--points", "lidar_lines:12"), 1),
    "noise": ("0,0.1", ("--corrupt", "noise:0.1"), 0),
    "outliers": ("0,0.2", ("--corrupt", "outliers:0.2"), 0),
    "dropouts": ("0,0.5", ("--corrupt", "dropouts:0.5"), -1),
    "misplaced": ("0,2", ("--corrupt", "misplaced:2"), -1),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_folder_set(folder, 3)
    return folder


@pytest.fixture(scope="module")
def swept(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every sweep at once."""
    out = tmp_path_factory.mktemp("swept")
    texts = [f"{name}={values}" for name, (values, _, _) in _CHECKED.items()]
    assert evaluated(made, out, *_MODELS, "--sweep", *texts) == 0
    return out


def test_every_sweep_is_checked_here() -> None:
    assert _CHECKED.keys() == AXES.keys()


@pytest.mark.parametrize("name", AXES)
def test_tables_and_curves(swept: Path, name: str) -> None:
    pytest.importorskip("matplotlib")
    folder = swept / f"sweep_{name}"
    found = results_in(folder)
    values = _CHECKED[name][0].split(",")
    assert found["sweep"] == name
    assert [(row[AXES[name].label], row["model"]) for row in found["results"]] == [
        (value, model) for value in values for model in _MODELS[1:]
    ]
    table = (folder / "table.md").read_text(encoding="utf-8")
    assert sum(line.startswith("| ") for line in table.splitlines()) == 2 + 4
    picture = cv2.imread(str(folder / "curve.png"))
    assert picture is not None
    assert picture.std() > 5


@pytest.mark.parametrize("name", AXES)
def test_a_value_of_a_sweep_is_the_run_with_that_value(
    made: Path, swept: Path, tmp_path: Path, name: str
) -> None:
    values, option, _ = _CHECKED[name]
    means = means_in(swept / f"sweep_{name}")
    assert evaluated(made, tmp_path, "--model", "nearest", *option) == 0
    last = values.split(",")[-1]
    assert means[f"{last} nearest"] == means_in(tmp_path)["nearest"]


@pytest.mark.parametrize("name", _SPOILED)
def test_at_zero_a_sweep_is_the_plain_run(
    made: Path, swept: Path, tmp_path: Path, name: str
) -> None:
    assert evaluated(made, tmp_path, "--model", "nearest") == 0
    means = means_in(swept / f"sweep_{name}")
    assert means["0 nearest"] == means_in(tmp_path)["nearest"]


@pytest.mark.parametrize("name", AXES)
def test_values_differ_in_points_and_figures(swept: Path, name: str) -> None:
    first, last = (
        row for row in results_in(swept / f"sweep_{name}")["results"] if row["model"] == "nearest"
    )
    assert first["mean"]["mae_mm"] != last["mean"]["mae_mm"]
    way = _CHECKED[name][2]
    assert np.sign(last["measured_pixels"] - first["measured_pixels"]) == way


def _measured(name: str, seed: int = 0) -> list[SparseDepth]:
    """What a model sees along a sweep's own values, of a sample with many points."""
    sample = made_sample("a", 1, points=400)
    found = [
        condition.apply(sample).sparse
        for _, condition in Sweep.from_text(name).conditions(Condition(seed=seed))
    ]
    return [sparse for sparse in found if sparse is not None]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", _SPOILED)
def test_no_two_amounts_of_spoiling_are_the_same_measurements(name: str, seed: int) -> None:
    measured = _measured(name, seed)
    assert len(measured) == len(AXES[name].values)
    for one, other in itertools.combinations(measured, 2):
        assert not np.array_equal(one.depth, other.depth)


def test_more_outliers_are_the_same_and_others() -> None:
    clean, *spoiled = _measured("outliers")
    wrong = [sparse.depth != clean.depth for sparse in spoiled]
    for fewer, more in itertools.pairwise(wrong):
        assert np.count_nonzero(more) > np.count_nonzero(fewer)
        assert not (fewer & ~more).any()
    shares = [np.count_nonzero(item) / clean.count for item in wrong]
    assert shares == pytest.approx(AXES["outliers"].values[1:], abs=1 / clean.count)


def test_more_noise_is_the_same_noise_in_proportion() -> None:
    clean, *spoiled = _measured("noise")
    seen = clean.valid
    for sparse, amount in zip(spoiled, AXES["noise"].values[1:], strict=True):
        assert np.array_equal(sparse.valid, seen)
        one = (sparse.depth - clean.depth)[seen] / amount
        first = (spoiled[0].depth - clean.depth)[seen] / AXES["noise"].values[1]
        np.testing.assert_allclose(one, first, atol=1e-4)


def test_more_dropouts_leave_a_part_of_what_fewer_left() -> None:
    for more, fewer in itertools.pairwise(_measured("dropouts")):
        assert fewer.count < more.count
        assert not (fewer.valid & ~more.valid).any()


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["outlier"], "Did you mean 'outliers'"),
        (["points=150,x"], "expected numbers"),
        (["points=150,150.0"], "a value twice"),
        (["noise", "noise=0.1"], "requested twice"),
    ],
)
def test_sweeps_that_cannot_be(texts: list[str], words: str) -> None:
    with pytest.raises(SweepError, match=words):
        sweeps_from(texts)


@pytest.mark.parametrize("text", ["points=0", "points=1.5", "dropouts=1.5", "noise=-1", "lines=0"])
def test_values_that_cannot_be_are_refused_before_a_frame_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("=")[2]):
        sweep_cases(sweeps_from([text]), Condition(), Path())


def test_a_sweep_does_not_undo_another_corruption() -> None:
    spoiled = Condition(corruption="outliers:0.1")
    with pytest.raises(SweepError, match=r"outliers:0\.1, which the sweep of noise"):
        Sweep.from_text("noise").conditions(spoiled)
    for _, condition in Sweep.from_text("points=5,9").conditions(spoiled):
        assert condition.corruption == "outliers:0.1"
    assert len(Sweep.from_text("outliers").conditions(spoiled)) == len(AXES["outliers"].values)


def test_many_points_are_spelled_out() -> None:
    ((text, condition),) = Sweep.from_text("points=1000000").conditions(Condition())
    assert (text, condition.points) == ("1000000", "uniform:1000000")


def test_tables_without_the_package_that_draws(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert evaluated(made, tmp_path, "--model", "nearest", "--sweep", "points=20,40") == 0
    assert "pip install 'depth_completion_ros[evaluation]'" in capsys.readouterr().err
    assert (tmp_path / "sweep_points" / "table.md").is_file()
    assert not (tmp_path / "sweep_points" / "curve.png").exists()
    with pytest.raises(PlotError, match=r"curve\.png is not written"):
        plot_curves(tmp_path / "curve.png", {}, x_label="", title="")


def test_a_curve_of_nothing_known_is_drawn_all_the_same(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    nothing = Curve([0.0, 1.0], [float("nan")] * 2, [float("nan")] * 2)
    plot_curves(tmp_path / "a.png", {"silent": nothing}, x_label="x", title="t")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_axes_are_logarithmic_where_that_shows_more() -> None:
    assert is_wide([150, 500, 1500])
    assert not is_wide([0, 0.1, 0.2])
    assert not is_wide([16, 32, 64])
