# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Curves of errors over a sweep, or over the steps of a training run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from depth_completion_core.evaluation.curves import Curve, is_wide
from depth_completion_core.files.atomic import write_whole


class PlotError(ImportError):
    """The plotting package is not installed; the message says how to install it."""


def plot_curves(path: Path, curves: Mapping[str, Curve], *, x_label: str, title: str) -> None:
    """Write MAE and RMSE over x as a PNG, a line per model.

    Raises:
        PlotError: matplotlib is not installed.
        OSError: the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, not in the base install
    except ImportError as error:
        raise PlotError(
            f"{path.name} is not written, because it needs matplotlib: "
            "pip install 'depth_completion_ros[evaluation]'"
        ) from error
    # No pyplot: a Figure of its own draws without a display and leaves no state behind.
    figure = Figure(figsize=(10, 4), layout="constrained")
    values = [value for curve in curves.values() for value in curve.x]
    for axes, (what, name) in zip(
        figure.subplots(1, 2), (("MAE", "mae_mm"), ("RMSE", "rmse_mm")), strict=True
    ):
        for label, curve in curves.items():
            axes.plot(curve.x, getattr(curve, name), marker="o", label=label)
        if is_wide(values):
            axes.set_xscale("log")
        axes.set_xticks(sorted(set(values)), [f"{value:g}" for value in sorted(set(values))])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel(x_label)
        axes.set_ylabel(f"{what} [mm]")
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    figure.suptitle(title)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120)
    write_whole(path, image.getvalue())
