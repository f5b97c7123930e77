# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the service ~/load_model may load: whoever reaches the node's topics can call it."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.models import model_class


def loadable(model: str, weights: str, weights_folder: str) -> str:
    """Name of a model of the table, or path of a file in the folder of weights.

    Args:
        model: name of a model; not looked at where weights are given.
        weights: a file, by its whole path or as seen from the folder; empty for none.
        weights_folder: the parameter; empty where no file may be loaded.

    Raises:
        ValueError: nothing was asked for, there is no such model, or the file lies elsewhere. The
            text is the same whether such a file exists or not.
    """
    if not weights:
        if not model:
            raise ValueError("give a model, or the path of weights")
        model_class(model)  # refuses what is not in the table, as the path of a file
        return model
    if not weights_folder:
        raise ValueError(
            "no weights are loaded from files: set the parameter weights_folder to the folder that "
            "they may come from, and start the node again"
        )
    folder = Path(weights_folder).expanduser().resolve()
    path = (folder / weights).resolve()
    if folder not in path.parents:
        raise ValueError(f"weights are loaded only from the folder weights_folder, {folder}")
    return str(path)
