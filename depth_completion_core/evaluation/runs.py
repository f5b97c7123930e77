# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``evaluate`` does: one data set, the real recordings, or the held-out objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from depth_completion_core.data import build_dataset, dataset_class
from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.evaluation.conditions import condition_for
from depth_completion_core.evaluation.held_out import BASELINES, WORLD_SEED, evaluate_held_out
from depth_completion_core.evaluation.held_out import HEADINGS as HELD_OUT_HEADINGS
from depth_completion_core.evaluation.kitti_submission import packed_submission
from depth_completion_core.evaluation.predictors import (
    ModelSource,
    Predictor,
    SavedPredictions,
    check_labels,
    checkpoints_in,
    model_sources,
    told_apart,
)
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
from depth_completion_core.evaluation.session import Case, Group, Session
from depth_completion_core.evaluation.suite import HEADINGS as SUITE_HEADINGS
from depth_completion_core.evaluation.suite import PROTOCOL as SUITE_PROTOCOL
from depth_completion_core.evaluation.suite import evaluate_real, suite_root
from depth_completion_core.evaluation.sweep import sweep_cases, sweeps_from
from depth_completion_core.evaluation.tables import SHORT, Row
from depth_completion_core.evaluation.wording import failures
from depth_completion_core.files.folder_names import folder_name
from depth_completion_core.metrics import protocol_named
from depth_completion_core.models import MODELS
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_to_mapping
from depth_completion_core.settings.yaml_text import yaml_values


def evaluate(wanted: Evaluate) -> list[str]:
    """Score, write, print the table; returns what was wrong with some frames, in sentences.

    Raises:
        ValueError: what is wanted does not fit together, or cannot be read; with a remedy. Or no
            frame was scored, nor any depth predicted where there is no truth.
        OSError: a result cannot be written.
    """
    if wanted.repeats > 1:
        _check_repeats(wanted)
    runs = {"": _one_set, "real": _real, "held_out": _held_out}
    return runs[wanted.suite](wanted)


def dataset_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Nested settings of ``key=value`` texts, values as in YAML; none is the empty text.

    Raises:
        ConfigError: a text has no ``=``, or its value is not YAML.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        path, found, value = text.partition("=")
        if not found:
            raise ConfigError(f"'{text}': expected key=value, such as split=val")
        *groups, key = path.split(".")
        place = settings
        for group in groups:
            place = place.setdefault(group, {})
        try:
            place[key] = yaml_values(value) if value else ""
        except ConfigError as error:
            raise ConfigError(f"'{text}': {error}") from error
    return settings


def _real(wanted: Evaluate) -> list[str]:
    session = _session(wanted, wanted.protocol or SUITE_PROTOCOL)
    seed = _seed(wanted, session)
    root = suite_root(wanted.data)
    rows, unreadable, remarks = evaluate_real(
        session, root, wanted.out, _Models(wanted).groups, seed=seed
    )
    page = write_report(
        wanted.out,
        title="Models on real recordings",
        headings=SUITE_HEADINGS,
        rows=rows,
        session=session,
        about={"suite": wanted.suite, "seed": seed, "unreadable": unreadable, "remarks": remarks},
        metrics=SHORT,
        with_spread=False,
    )
    print(page)
    _check_anything(rows)
    return [*unreadable.values(), *failures(rows)]


def _held_out(wanted: Evaluate) -> list[str]:
    session = _session(wanted, wanted.protocol or SUITE_PROTOCOL)
    seed = _seed(wanted, session)
    named = (*wanted.model, *(name for name in BASELINES if name not in wanted.model))
    groups = _Models(replace(wanted, model=named)).groups
    rows = evaluate_held_out(session, wanted.out, groups, seed=seed)
    page = write_report(
        wanted.out,
        title="Models on objects that no recipe trains on",
        headings=HELD_OUT_HEADINGS,
        rows=rows,
        session=session,
        about={"suite": wanted.suite, "seed": seed, "world_seed": WORLD_SEED},
        metrics=SHORT,
        with_spread=False,
    )
    print(page)
    _check_anything(rows)
    return failures(rows)


def _one_set(wanted: Evaluate) -> list[str]:
    if not wanted.dataset:
        raise ValueError("say what to score on: --dataset NAME --data FOLDER, or --suite")
    session = _session(wanted, wanted.protocol or dataset_class(wanted.dataset).protocol)
    seed = _seed(wanted, session)
    if wanted.sweep and wanted.save == "kitti":
        raise ValueError("--save kitti writes one submission for each model: leave out --sweep")
    sweeps, models = sweeps_from(wanted.sweep), _Models(wanted)
    dataset = build_dataset(wanted.dataset, wanted.data, dataset_settings(wanted.set))
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


class _Models:
    """What is scored: the named models together, a folder's checkpoints one after the other."""

    def __init__(self, wanted: Evaluate) -> None:
        if not wanted.model and not wanted.predictions:
            raise ValueError("say what to score: --model NAME_OR_CHECKPOINT, or --predictions DIR")
        files = [name for name in wanted.model if not _is_folder(name)]
        sources = told_apart([*model_sources(files), *_checkpoints(wanted)])
        named = [source for source in sources if not source.training]
        checkpoints = [source for source in sources if source.training]
        load = partial(ModelSource.load, device=wanted.device, config=wanted.settings)
        loaded: list[Predictor] = [load(source) for source in named]
        scale = wanted.prediction_scale
        loaded += [SavedPredictions(folder, depth_scale=scale) for folder in wanted.predictions]
        check_labels([p.label for p in loaded] + [source.label for source in checkpoints])
        self.steps: dict[str, dict[str, int]] = {}
        for source in checkpoints:
            if source.step is not None:
                self.steps.setdefault(source.training, {})[source.label] = source.step
        self.groups: list[Group] = [lambda: loaded] if loaded else []
        self.groups += [partial(_alone, load, source) for source in checkpoints]


def _checkpoints(wanted: Evaluate) -> list[ModelSource]:
    return [
        source
        for name in wanted.model
        if _is_folder(name)
        for source in checkpoints_in(
            Path(name),
            first=wanted.checkpoint_first,
            every=wanted.checkpoint_every,
            last=wanted.checkpoint_last,
        )
    ]


def _alone(load: Callable[[ModelSource], Predictor], source: ModelSource) -> list[Predictor]:
    return [load(source)]


def _is_folder(name: str) -> bool:
    return name not in MODELS and Path(name).is_dir()


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
