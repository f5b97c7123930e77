# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From named models and cases to rows of a table; files of each job go into a folder of its own."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from depth_completion_core.data.sample import DepthDataset
from depth_completion_core.data.sampling.choosing import evenly_spread
from depth_completion_core.evaluation.conditions import Condition
from depth_completion_core.evaluation.predictors import Predictor
from depth_completion_core.evaluation.records import FrameTable
from depth_completion_core.evaluation.run import Job, score
from depth_completion_core.evaluation.sheets import write_sheets
from depth_completion_core.evaluation.summary import summary_of
from depth_completion_core.evaluation.tables import Row
from depth_completion_core.files.folder_names import folder_name
from depth_completion_core.metrics import Protocol, protocol_named
from depth_completion_core.settings.mapping import config_to_mapping

Group = Callable[[], Sequence[Predictor]]


class Case(NamedTuple):
    """A condition, its labels in tables, the folder of its files, and whether it has pictures."""

    labels: tuple[str, ...]
    condition: Condition
    folder: Path
    has_sheets: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What all cases of a run have in common.

    Attributes:
        protocol_name: how to score.
        settings: settings of the completers; results with other settings are not resumed.
        limit: largest number of samples, spread evenly over the data set; 0 for all.
        save: format of the predictions to write: npy, png or kitti; empty to write none.
        fresh: start again instead of resuming.
        sheet_rows: frames on each sheet of pictures; 0 for no sheets.
    """

    protocol_name: str
    settings: Mapping[str, Any]
    limit: int = 0
    save: str = ""
    fresh: bool = False
    sheet_rows: int = 0

    @property
    def protocol(self) -> Protocol:
        """The protocol of that name."""
        return protocol_named(self.protocol_name)

    def evaluate(
        self,
        dataset: DepthDataset,
        name: str,
        cases: Sequence[Case],
        groups: Sequence[Group],
        *,
        title: str = "",
    ) -> list[Row]:
        """Score every model in every case.

        Args:
            dataset: to score on.
            name: of the set, in results on disk.
            cases: conditions.
            groups: each loads models that are held in memory together; each sample is read once
                for all of them.
            title: label of the progress bar.

        Returns:
            A row for each case and model, in the order of the cases.
        """
        about = {
            "dataset": name,
            "folder": str(dataset.root),
            "config": config_to_mapping(dataset.config),
        }
        indices = evenly_spread(len(dataset), self.limit)
        rows: dict[Case, list[Row]] = {case: [] for case in cases}
        for group in groups:
            predictors = group()
            jobs = {
                case: [self._job(case, predictor, about) for predictor in predictors]
                for case in cases
            }
            everything = [job for case in cases for job in jobs[case]]
            for job in everything:
                if job.table.resumed:
                    print(
                        f"{job.table.folder}: {job.table.resumed} frames were scored before; "
                        "--fresh scores them again, as where their files have changed",
                        file=sys.stderr,
                    )
            score(dataset, indices, everything, self.protocol, title=title)
            for predictor in predictors:
                for note in predictor.notes:
                    print(f"{predictor.label}: {note}", file=sys.stderr)
            for job in everything:
                is_for_kitti = self.save == "kitti"
                remedy = "KITTI's server takes no more" if is_for_kitti else "Use --save npy"
                if remark := job.pngs.remark(remedy):
                    print(f"{job.prediction_folder}: {remark}", file=sys.stderr)
            for case in cases:
                if self.sheet_rows and case.has_sheets:
                    write_sheets(dataset, indices, jobs[case], case.folder, self.sheet_rows)
                rows[case] += [self._row(dataset, indices, case, job) for job in jobs[case]]
        return [row for case in cases for row in rows[case]]

    def _job(self, case: Case, predictor: Predictor, about: Mapping[str, Any]) -> Job:
        identity = {
            **about,
            "condition": dataclasses.asdict(case.condition),
            "protocol": protocol_values(self.protocol),
            "model": predictor.label,
            "weights": predictor.identity,
            "device": predictor.device,
            "settings": dict(self.settings),
        }
        folder = case.folder / folder_name(predictor.label)
        return Job(
            predictor=predictor,
            condition=case.condition,
            table=FrameTable(folder, identity, fresh=self.fresh),
            save=self.save,
        )

    def _row(self, dataset: DepthDataset, indices: Sequence[int], case: Case, job: Job) -> Row:
        names = dataset.names
        records = [job.table.records[names[index]] for index in indices]
        labels = (*case.labels, job.predictor.label)
        return Row(labels, summary_of(records, self.protocol), records, job.table.folder)


def protocol_values(protocol: Protocol) -> dict[str, Any]:
    """A protocol as plain values; None for no bound."""
    values = config_to_mapping(protocol)
    return {
        key: None if isinstance(value, float) and math.isinf(value) else value
        for key, value in values.items()
    }
