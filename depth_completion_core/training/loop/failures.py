# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of a run that an error ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from depth_completion_core.training.loop.optimizer_step import NotFiniteError


def what_happened(error: Exception, step: int, newest: Path | None, names: Sequence[str]) -> str:
    """What went wrong, what is safe, and what to do.

    Args:
        error: that ended the run.
        step: steps that had been made.
        newest: the last good checkpoint.
        names: the samples of the last step.
    """
    safe = f"the last good checkpoint is {newest}" if newest else "there is no checkpoint yet"
    if isinstance(error, NotFiniteError):
        remedy = "look at these samples, or lower the learning rate"
        return f"stopped in step {step + 1}: {error}. No weight was changed; {safe}; {remedy}"
    return (
        f"stopped after step {step}: {error}. The last batch was {', '.join(names) or 'none'}; "
        f"{safe}; mend that, and the same command goes on from there"
    )
