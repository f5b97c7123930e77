# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.evaluate --model M --dataset D --data ROOT``: score models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
import yaml

from depth_completion_core.config import CompletionConfig
from depth_completion_core.data import build_dataset, dataset_class
from depth_completion_core.evaluation.conditions import condition_for
from depth_completion_core.evaluation.held_out import BASELINES, WORLD_SEED, evaluate_held_out
from depth_completion_core.evaluation.held_out import HEADINGS as HELD_OUT_HEADINGS
from depth_completion_core.evaluation.kitti_submission import submission_problems
from depth_completion_core.evaluation.predictors import (
    ModelSource,
    Predictor,
    SavedPredictions,
    check_labels,
    checkpoints_in,
    model_sources,
    told_apart,
)
from depth_completion_core.evaluation.report import (
    write_report,
    write_single_report,
    write_sweep_reports,
)
from depth_completion_core.evaluation.run import SUBMISSION
from depth_completion_core.evaluation.session import Case, Group, Session, folder_name
from depth_completion_core.evaluation.suite import HEADINGS as SUITE_HEADINGS
from depth_completion_core.evaluation.suite import PROTOCOL as SUITE_PROTOCOL
from depth_completion_core.evaluation.suite import evaluate_real, suite_root
from depth_completion_core.evaluation.sweep import sweep_cases, sweeps_from
from depth_completion_core.evaluation.tables import SHORT, Row
from depth_completion_core.evaluation.wording import failures
from depth_completion_core.metrics import protocol_named
from depth_completion_core.models import MODELS
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_to_mapping

_SOME_FAILED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """Score one or several models on a data set, or on a suite of them.

    Writes metrics.json and table.md, and for each model frames.csv and sheets of pictures. The same
    command goes on where an earlier one was interrupted. Exit code 0: all frames were scored; 1: an
    error; 3: the run is through, but something was wrong with some frames; 130: interrupted.
    """

    model: tuple[str, ...] = ()
    """Models' names, checkpoints, or a folder of checkpoints of one training."""
    predictions: tuple[Path, ...] = ()
    """Folders of saved predictions to score beside the models: NAME.npy, or NAME.png."""
    dataset: str = ""
    """A data set's name; see docs/datasets.md."""
    data: Path | None = None
    """Its folder."""
    set: tuple[str, ...] = ()
    """Settings of the data set, such as split=val keep_rows=4."""
    protocol: str = ""
    """all, void, void_uncapped, kitti, nyu or nyu_pooled; that of the data set if not given."""
    out: Path = Path("evaluation")
    """Folder for all results."""
    points: str = ""
    """Draw the measurements: uniform:500, lidar_lines:64, ... from the truth, or measured:500."""
    corrupt: str = ""
    """Spoil the measurements: noise:0.02, outliers:0.1, dropouts:0.5, misplaced:1.5, ..."""
    seed: int = -1
    """Of both; -1 for that of the protocol."""
    sweep: tuple[str, ...] = ()
    """points, measured, lines, noise, outliers, dropouts, misplaced; points=150,500 for these."""
    suite: Literal["", "real", "held_out"] = ""
    """real: every set of real recordings below --data or $DEPTH_COMPLETION_REAL_DATA. held_out:
    500 drawn scenes of objects that no recipe trains on, beside linear and morphological."""
    checkpoint_first: int = 0
    """Of a folder of checkpoints, the first step."""
    checkpoint_every: int = 0
    """... only steps so far apart from the first; 0 for all."""
    checkpoint_last: int = 0
    """... the last step; 0 for the last there is."""
    limit: int = 0
    """At most so many frames, evenly spread over the set; 0 for all."""
    save: Literal["", "npy", "png", "kitti"] = ""
    """Write predictions: npy in metres, png or kitti (for its server, checked) in metres x 256."""
    prediction_scale: float = 256.0
    """Numbers of a saved prediction's PNG per metre."""
    sheets: int = 4
    """Frames on each sheet of pictures; 0 for no sheets."""
    fresh: bool = False
    """Begin again, in place of going on with the results in --out."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."""
    settings: Annotated[CompletionConfig, tyro.conf.arg(name=""), tyro.conf.FlagConversionOff] = (
        field(default_factory=CompletionConfig)
    )


def main(arguments: list[str]) -> int:
    """Parse, evaluate, print the table."""
    wanted = tyro.cli(Evaluate, args=arguments)
    try:
        problems = _RUNS[wanted.suite](wanted)
    except KeyboardInterrupt:
        print(
            "\ninterrupted; what is written is whole, and the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    except (ValueError, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print(f"problem: {problem}", file=sys.stderr)
    return _SOME_FAILED if problems else 0


def dataset_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Nested settings of ``key=value`` texts, values as in YAML; none is the empty text.

    Raises:
        ConfigError: a text has no ``=``, or its value is no YAML.
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
            place[key] = yaml.safe_load(value) if value else ""
        except yaml.YAMLError as error:
            raise ConfigError(f"'{text}': {value} cannot be read: {error}") from error
    return settings


def _real(wanted: Evaluate) -> list[str]:
    session = _session(wanted, wanted.protocol or SUITE_PROTOCOL)
    seed = _seed(wanted, session)
    root = suite_root(wanted.data)
    rows, unreadable = evaluate_real(session, root, wanted.out, _Models(wanted).groups, seed=seed)
    page = write_report(
        wanted.out,
        title="Models on real recordings",
        headings=SUITE_HEADINGS,
        rows=rows,
        session=session,
        about={"suite": wanted.suite, "seed": seed, "unreadable": unreadable},
        metrics=SHORT,
        with_spread=False,
    )
    print(page)
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
    rows = session.evaluate(dataset, wanted.dataset, cases, models.groups, title=wanted.dataset)
    told = {
        "dataset": wanted.dataset,
        "folder": str(wanted.data or ""),
        "config": config_to_mapping(dataset.config),
        "measurements": str(base),
        "seed": seed,
    }
    if sweeps:
        pages = write_sweep_reports(wanted.out, sweeps, rows, session, told)
    else:
        pages = [write_single_report(wanted.out, rows, session, told, models.steps)]
    print("\n".join(pages))
    return [*failures(rows), *_submission_problems(wanted, rows)]


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
    """What KITTI's server would refuse; nothing where no submission was asked for."""
    if wanted.save != "kitti":
        return []
    folders = [wanted.out / folder_name(row.labels[-1]) / SUBMISSION for row in rows]
    return [f"{folder}: {problem}" for folder in folders for problem in submission_problems(folder)]


_RUNS = {"": _one_set, "real": _real, "held_out": _held_out}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
