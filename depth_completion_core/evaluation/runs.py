# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``evaluate`` does: one data set, the real recordings, or the held-out objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from depth_completion_core.data import build_dataset, dataset_class
from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.evaluation.conditions import condition_for
from depth_completion_core.evaluation.held_out import BASELINES, WORLD_SEED, evaluate_held_out
from depth_completion_core.evaluation.held_out import HEADINGS as HELD_OUT_HEADINGS
from depth_completion_core.evaluation.kitti_submission import packed_submission
from depth_completion_core.evaluation.page import set_charts, write_evaluation_page
from depth_completion_core.evaluation.repeats import (
    check_draws,
    draw_seeds,
    over_draws,
    repeated,
)
from depth_completion_core.evaluation.report import (
    write_report,
    write_single_report,
    write_sweep_reports,
)
from depth_completion_core.evaluation.run import NO_TRUTH, SUBMISSION
from depth_completion_core.evaluation.scored_models import ScoredModels
from depth_completion_core.evaluation.session import Case, Session
from depth_completion_core.evaluation.suite import HEADINGS as SUITE_HEADINGS
from depth_completion_core.evaluation.suite import PROTOCOL as SUITE_PROTOCOL
from depth_completion_core.evaluation.suite import evaluate_real, suite_root
from depth_completion_core.evaluation.sweep import sweep_cases, sweeps_from
from depth_completion_core.evaluation.tables import SHORT, Row
from depth_completion_core.evaluation.wording import failures
from depth_completion_core.files.folder_names import folder_name
from depth_completion_core.metrics import protocol_named
from depth_completion_core.reports.html import check_pages_can_be_written
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.settings.yaml_text import settings_of_texts


def evaluate(wanted: Evaluate) -> list[str]:
    """Score, write, print the table; returns what was wrong with some frames, in sentences.

    Raises:
        ValueError: what is wanted does not fit together, or cannot be read; with a remedy. Or no
            frame was scored, nor any depth predicted where there is no truth.
        OSError: a result cannot be written.
        ReportError: a page is wanted, but the package for it is missing.
    """
    if wanted.repeats > 1:
        _check_repeats(wanted)
    if wanted.report:
        check_pages_can_be_written()
    runs = {"": _one_set, "real": _real, "held_out": _held_out}
    return runs[wanted.suite](wanted)


def _real(wanted: Evaluate) -> list[str]:
    session = _session(wanted, wanted.protocol or SUITE_PROTOCOL)
    seed = _seed(wanted, session)
    root = suite_root(wanted.data)
    rows, unreadable, remarks = evaluate_real(
        session, root, wanted.out, ScoredModels(wanted).groups, seed=seed
    )
    about = {"suite": wanted.suite, "seed": seed, "unreadable": unreadable, "remarks": remarks}
    title = "Models on real recordings"
    _report_suite(wanted, session, rows, title=title, headings=SUITE_HEADINGS, about=about)
    return [*unreadable.values(), *failures(rows)]


def _held_out(wanted: Evaluate) -> list[str]:
    session = _session(wanted, wanted.protocol or SUITE_PROTOCOL)
    seed = _seed(wanted, session)
    named = (*wanted.model, *(name for name in BASELINES if name not in wanted.model))
    groups = ScoredModels(replace(wanted, model=named)).groups
    rows = evaluate_held_out(session, wanted.out, groups, seed=seed)
    title = "Models on objects that no recipe trains on"
    about = {"suite": wanted.suite, "seed": seed, "world_seed": WORLD_SEED}
    _report_suite(wanted, session, rows, title=title, headings=HELD_OUT_HEADINGS, about=about)
    return failures(rows)


def _report_suite(
    wanted: Evaluate,
    session: Session,
    rows: Sequence[Row],
    *,
    title: str,
    headings: Sequence[str],
    about: Mapping[str, Any],
) -> None:
    page = write_report(
        wanted.out,
        title=title,
        headings=headings,
        rows=rows,
        session=session,
        about=about,
        metrics=SHORT,
        with_spread=False,
    )
    print(page)
    if wanted.report:
        path = write_evaluation_page(
            wanted.out, title=title, headings=headings, rows=rows, session=session, about=about
        )
        print(f"page: {path}")
    _check_anything(rows)


def _one_set(wanted: Evaluate) -> list[str]:
    if not wanted.dataset:
        raise ValueError("say what to score on: --dataset NAME --data FOLDER, or --suite")
    session = _session(wanted, wanted.protocol or dataset_class(wanted.dataset).protocol)
    seed = _seed(wanted, session)
    if wanted.sweep and wanted.save == "kitti":
        raise ValueError("--save kitti writes one submission for each model: leave out --sweep")
    sweeps, models = sweeps_from(wanted.sweep), ScoredModels(wanted)
    dataset = build_dataset(wanted.dataset, wanted.data, settings_of_texts(wanted.set))
    base = condition_for(
        dataset,
        session.protocol,
        points=wanted.points,
        corruption=wanted.corrupt,
        seed=seed,
    )
    cases = sweep_cases(sweeps, base, wanted.out) or [Case((), base, wanted.out)]
    if wanted.repeats > 1:
        for case in cases:
            check_draws(case.condition)
        cases = repeated(cases, wanted.repeats)
    rows = session.evaluate(dataset, wanted.dataset, cases, models.groups, title=wanted.dataset)
    if wanted.repeats > 1:
        rows = over_draws(rows)
    told = {
        "dataset": wanted.dataset,
        "folder": str(wanted.data or ""),
        "config": config_to_mapping(dataset.config),
        "measurements": str(base),
        "seed": seed,
        "remarks": dataset.remarks,
    }
    if wanted.repeats > 1:
        told["seeds"] = draw_seeds(seed, wanted.repeats)
    if sweeps:
        pages = write_sweep_reports(wanted.out, sweeps, rows, session, told)
    else:
        pages = [write_single_report(wanted.out, rows, session, told, models.steps)]
    print("\n".join(pages))
    if wanted.report:
        path = write_evaluation_page(
            wanted.out,
            title=f"{wanted.dataset}, measurements: {base}",
            headings=("sweep", "value", "model") if sweeps else ("model",),
            rows=rows,
            session=session,
            about=told,
            charts=set_charts(wanted.dataset, sweeps, rows, models.steps),
        )
        print(f"page: {path}")
    _check_anything(rows)
    return [*failures(rows), *_submission_problems(wanted, rows)]


def _check_repeats(wanted: Evaluate) -> None:
    """Raise ValueError where there is nothing to repeat."""
    for flag, is_given in (
        ("--suite", bool(wanted.suite)),
        ("--predictions, which were made from one draw", bool(wanted.predictions)),
        ("--save kitti, which has measurements of its own", wanted.save == "kitti"),
    ):
        if is_given:
            raise ValueError(f"--repeats does not go with {flag}: leave out one of the two")


def _check_anything(rows: Sequence[Row]) -> None:
    """Raise ValueError where no frame was scored, nor predicted without a truth to score it by."""
    summaries = [row.summary for row in rows]
    if any(summary.images or summary.skipped.get(NO_TRUTH) for summary in summaries):
        return
    reasons = [*failures(rows), *dict.fromkeys(why for each in summaries for why in each.skipped)]
    raise ValueError(f"nothing was scored: {'; '.join(reasons) or 'there are no frames'}")


def _seed(wanted: Evaluate, session: Session) -> int:
    return wanted.seed if wanted.seed >= 0 else session.protocol.seed


def _session(wanted: Evaluate, protocol_name: str) -> Session:
    protocol_named(protocol_name)
    return Session(
        protocol_name=protocol_name,
        settings=config_to_mapping(wanted.settings),
        limit=wanted.limit,
        save=wanted.save,
        fresh=wanted.fresh,
        sheet_rows=0 if wanted.sweep else wanted.sheets,
    )


def _submission_problems(wanted: Evaluate, rows: Sequence[Row]) -> list[str]:
    """Pack what KITTI's server takes; what it would refuse, in sentences."""
    if wanted.save != "kitti":
        return []
    told = []
    for row in rows:
        folder = wanted.out / folder_name(row.labels[-1]) / SUBMISSION
        archive, problems = packed_submission(folder)
        told += [f"{folder}: {problem}" for problem in problems]
        if archive is not None:
            print(f"{archive} is ready for KITTI's server")
    return told
