# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.data.sample import DataError
from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.predictors import (
    ModelPredictor,
    Predictor,
    SavedPredictions,
)
from depth_completion_core.evaluation.records import FrameTable, read_records
from depth_completion_core.evaluation.run import (
    NO_PREDICTION,
    NO_TRUTH,
    NOTHING_SCORED,
    Job,
    score,
)
from depth_completion_core.evaluation.session import Case, Session
from depth_completion_core.evaluation.summary import Summary, summary_of
from depth_completion_core.files.run_files import ResultsError
from depth_completion_core.frame import DepthPrediction, Frame
from depth_completion_core.metrics import PROTOCOLS, depth_metrics, mean_metrics
from tests.core.evaluation.made_sets import MadeSet, Offset, made_sample

_VOID = PROTOCOLS["void"]


def _job(folder: Path, predictor: Predictor, **more: Any) -> Job:  # noqa: ANN401
    settings = {"model": predictor.label}
    condition = more.pop("condition", Condition())
    table = FrameTable(folder / predictor.label, settings)
    return Job(predictor=predictor, condition=condition, table=table, **more)


def _summary(job: Job) -> Summary:
    return summary_of(job.table.records.values(), _VOID)


def _evaluated(
    folder: Path,
    dataset: MadeSet,
    predictors: Sequence[Predictor],
    **more: Any,  # noqa: ANN401
) -> list[Summary]:
    session = Session(protocol_name="void", settings={}, **more)
    rows = session.evaluate(dataset, "made", [Case((), Condition(), folder)], [lambda: predictors])
    return [row.summary for row in rows]


def test_means_are_those_of_the_metrics_of_each_frame(tmp_path: Path) -> None:
    job = _job(tmp_path, Offset())
    score(MadeSet(), range(10), [job], _VOID)
    metrics = []
    for number in range(10):
        sample = made_sample(f"made/{number:03d}", number)
        answer, _ = Offset().predict(sample)
        assert sample.truth is not None
        metrics.append(
            depth_metrics(answer.depth, answer.valid, sample.truth.depth, sample.truth.valid, _VOID)
        )
    means, found = mean_metrics(metrics), _summary(job)
    assert {name: means[name] for name in found.mean} == found.mean
    assert found.mean["mae_mm"] == pytest.approx(100.0, abs=1e-3)
    assert (found.images, found.frames, found.measured_pixels) == (10, 10, 60.0)


def test_frames_without_figures_are_counted_by_reason(tmp_path: Path) -> None:
    dataset = MadeSet(damaged=(3, 4), without_truth=(1,), far=(2,))
    silent = Offset("silent", metres=-100.0)
    jobs = [_job(tmp_path, Offset(fail_at="made/007")), _job(tmp_path, silent)]
    score(dataset, range(10), jobs, _VOID)
    first, second = (_summary(job) for job in jobs)
    assert first.skipped == {NO_TRUTH: 1, NOTHING_SCORED: 1}
    assert first.failed == {
        "made/003": "made/003.png is an empty file",
        "made/004": "made/004.png is an empty file",
        "made/007": "out of memory",
    }
    assert first.images == 10 - 2 - 3
    assert second.skipped[NO_PREDICTION] == 6
    assert (second.images, second.mean["coverage"]) == (0, 0.0)
    assert math.isnan(second.mean["mae_mm"])


def test_each_sample_is_read_once_for_all_models(tmp_path: Path) -> None:
    dataset = MadeSet()
    _evaluated(tmp_path, dataset, [Offset("a"), Offset("b"), Offset("c")])
    assert dataset.read == list(range(10))


def test_limit_spreads_over_the_set(tmp_path: Path) -> None:
    dataset = MadeSet()
    (found,) = _evaluated(tmp_path, dataset, [Offset()], limit=4)
    assert dataset.read == [0, 3, 6, 9]
    assert found.frames == 4


def test_ctrl_c_leaves_whole_files_that_the_next_run_goes_on_from(tmp_path: Path) -> None:
    broken, dataset = Offset(interrupt_at="made/006"), MadeSet(damaged=(2,))
    with pytest.raises(KeyboardInterrupt):
        _evaluated(tmp_path, dataset, [broken])
    written = read_records(tmp_path / "offset" / "frames.csv")
    assert [item.name for item in written] == [f"made/{number:03d}" for number in range(6)]
    assert not list(tmp_path.rglob("*.partial"))
    whole, repaired = Offset(), MadeSet()
    (found,) = _evaluated(tmp_path, repaired, [whole])
    assert repaired.read == [2, 6, 7, 8, 9]  # what failed is tried again
    (at_once,) = _evaluated(tmp_path / "other", MadeSet(), [Offset()])
    assert found.images == 10
    assert found.mean == pytest.approx(at_once.mean, rel=1e-12)


def test_results_of_another_evaluation_are_not_gone_on_with(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(), [Offset()])
    message = "weights is 'offset 0.1', but 'offset 0.2' is requested now.*--fresh"
    with pytest.raises(ResultsError, match=message):
        _evaluated(tmp_path, MadeSet(), [Offset(metres=0.2)])
    (found,) = _evaluated(tmp_path, MadeSet(), [Offset(metres=0.2)], fresh=True)
    assert found.mean["mae_mm"] == pytest.approx(200.0, abs=1e-3)


def test_a_narrower_run_is_about_its_own_frames(tmp_path: Path) -> None:
    _evaluated(tmp_path, MadeSet(), [Offset()])
    (found,) = _evaluated(tmp_path, MadeSet(), [Offset()], limit=3)
    assert found.images == 3


@pytest.mark.parametrize(("save", "tolerance"), [("npy", 1e-9), ("png", 1 / 256)])
def test_saved_predictions_score_the_same(tmp_path: Path, save: str, tolerance: float) -> None:
    job = _job(tmp_path, Offset(), save=save)
    score(MadeSet(), range(10), [job], _VOID)
    saved = SavedPredictions(job.prediction_folder, depth_scale=256.0)
    assert saved.label == "offset (saved)"
    again = _job(tmp_path / "again", saved)
    score(MadeSet(), range(10), [again], _VOID)
    first, second = _summary(job).mean, _summary(again).mean
    for name in ("mae_mm", "rmse_mm"):
        assert second[name] == pytest.approx(first[name], abs=1000 * tolerance / 2), name
    assert second["coverage"] == first["coverage"]


def test_a_frame_whose_prediction_is_gone_is_done_again(tmp_path: Path) -> None:
    job = _job(tmp_path, Offset(), save="npy")
    score(MadeSet(), range(10), [job], _VOID)
    job.prediction_file("made/004").unlink()
    dataset = MadeSet()
    score(dataset, range(10), [job], _VOID)
    assert dataset.read == [4]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_names_do_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be used as a file name"):
        _job(tmp_path, Offset(), save="npy").prediction_file(name)


def test_predictions_that_do_not_fit_are_named(tmp_path: Path) -> None:
    saved = SavedPredictions(tmp_path, depth_scale=256.0)
    with pytest.raises(DataError, match="there is neither"):
        saved.predict(made_sample("a", 0))
    np.save(tmp_path / "a.npy", np.ones((3, 4)))
    with pytest.raises(DataError, match=r"\(3, 4\), expected \(24, 32\)"):
        saved.predict(made_sample("a", 0))


def test_a_model_without_measurements_says_how_to_draw_them() -> None:
    predictor = ModelPredictor("nearest", "", load_model("nearest", device="cpu"))
    with pytest.raises(DataError, match="--points uniform:500"):
        predictor.predict(replace(made_sample("a", 0), sparse=None))


def test_the_first_frame_is_not_timed_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    completer = load_model("nearest", device="cpu")
    asked: list[Frame] = []
    complete = completer.complete

    def counted(frame: Frame) -> DepthPrediction:
        asked.append(frame)
        return complete(frame)

    monkeypatch.setattr(completer, "complete", counted)
    predictor = ModelPredictor("nearest", "", completer)
    times = [predictor.predict(made_sample("a", 0))[1] for _ in range(3)]
    assert len(asked) == 4
    assert all(ms > 0 for ms in times)
