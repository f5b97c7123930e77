# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.frame import FrameError
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.sensing.drop_counts import DropCounts, reason_of


def test_reasons_are_few_whatever_the_sentences_say() -> None:
    errors = [TransformError(f"at {stamp} s") for stamp in range(9)]
    assert {reason_of(error) for error in errors} == {"no transform"}
    assert reason_of(CodecError("x")) == "message cannot be decoded"
    assert reason_of(FrameError("x")) == "frame does not fit together"
    assert reason_of(RuntimeError("CUDA out of memory. Tried to")) == "out of memory"
    assert reason_of(ZeroDivisionError()) == "unexpected ZeroDivisionError"


def test_an_error_of_another_room_says_its_reason() -> None:
    error = ValueError("3 of 9")
    error.drop_reason = "too few"  # type: ignore[attr-defined]
    assert reason_of(error) == "too few"


def test_the_first_sentence_is_the_example() -> None:
    drops, later = DropCounts(), DropCounts()
    for stamp in range(3):
        drops.add_error(TransformError(f"at {stamp} s"))
        later.add_error(TransformError(f"at {stamp + 9} s"))
    later.add("queue full", count=7)
    drops.update(later)
    drops.update({"no cloud": 1})
    assert drops.counts == {"queue full": 7, "no transform": 6, "no cloud": 1}
    assert list(drops.counts) == ["queue full", "no transform", "no cloud"]
    assert drops.lines == [
        "7 x queue full",
        "6 x no transform (for example: at 0 s)",
        "1 x no cloud",
    ]
