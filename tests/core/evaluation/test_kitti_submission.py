# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.evaluate import main
from depth_completion_core.evaluation import kitti_submission
from depth_completion_core.evaluation.kitti_submission import (
    COUNT,
    HEIGHT,
    WIDTH,
    packed_submission,
    submission_problems,
)
from depth_completion_core.files.atomic import WriteError
from tests.core.data.trees import K, write_matrix, write_numbers
from tests.core.data.written_files import random_image, write_image
from tests.file_size_limit import file_size_limit

_SMALL = (4, 6)


def _depth(
    shape: tuple[int, int], metres: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return np.full(shape, round(256 * metres), dtype=np.uint16)


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A submission of all its files, but of small images: a thousand large ones take seconds."""
    monkeypatch.setattr(kitti_submission, "HEIGHT", _SMALL[0])
    monkeypatch.setattr(kitti_submission, "WIDTH", _SMALL[1])
    first = tmp_path / "sent" / "0000000000.png"
    write_numbers(first, _depth(_SMALL, 10.0))
    for number in range(1, COUNT):
        first.with_name(f"{number:010d}.png").write_bytes(first.read_bytes())
    return first.parent


def test_what_the_server_asks_for() -> None:
    """The numbers of the benchmark's page and of its development kit."""
    assert (HEIGHT, WIDTH, COUNT) == (352, 1216, 1000)


def test_a_whole_submission_has_no_problem(sent: Path) -> None:
    assert submission_problems(sent) == []


def test_the_archive_has_the_files_at_its_root(sent: Path) -> None:
    archive, problems = packed_submission(sent)
    assert problems == []
    assert archive == sent.with_suffix(".zip")
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == [f"{number:010d}.png" for number in range(COUNT)]
        assert packed.testzip() is None
        assert packed.read("0000000042.png") == (sent / "0000000042.png").read_bytes()
    first = archive.read_bytes()
    packed_submission(sent)
    assert archive.read_bytes() == first
    assert [path.name for path in sent.parent.iterdir() if path.name.startswith(".")] == []


def test_what_the_server_would_refuse_is_not_packed(sent: Path) -> None:
    hole = _depth(_SMALL, 10.0)
    hole[1, 2:4] = 0
    for number in (3, 7):
        write_numbers(sent / f"{number:010d}.png", hole)
    archive, problems = packed_submission(sent)
    assert archive is None
    assert problems[0].startswith(
        "2 files have pixels without depth (0), 4 in all: 0000000003.png, 0000000007.png; take a"
    )
    assert problems[1] == "sent.zip is not written until that is mended"
    assert not sent.with_suffix(".zip").exists()


def test_an_archive_that_does_not_fit_leaves_nothing(sent: Path) -> None:
    with file_size_limit(2000), pytest.raises(WriteError, match=r"sent\.zip cannot be written"):
        packed_submission(sent)
    assert [path.name for path in sent.parent.iterdir()] == ["sent"]


def test_each_problem_is_told_with_its_file(sent: Path) -> None:
    (sent / "0000000007.png").unlink()
    (sent / "a.txt").touch()
    write_numbers(sent / "0000001000.png", _depth(_SMALL, 10.0))
    write_numbers(sent / "0000000001.png", _depth((5, 6), 10.0))
    write_numbers(sent / "0000000002.png", _depth(_SMALL, 0.0))
    assert cv2.imwrite(str(sent / "0000000003.png"), np.full(_SMALL, 200, dtype=np.uint8))
    write_numbers(sent / "0000000004.png", np.full(_SMALL, 80, dtype=np.uint16))
    (sent / "0000000005.png").write_bytes(b"")
    told = submission_problems(sent)
    for words in (
        "1 of 1000 files are missing: 0000000007.png",
        "names are NNNNNNNNNN.png, found a.txt",
        "the server does not ask for 0000001000.png",
        "0000000001.png is 6x5, expected 6x4",
        "0000000002.png has no depth at all",
        "0000000004.png has no depth above 0.31 m",
    ):
        assert sum(words in problem for problem in told) == 1, (words, told)
    for name, words in (("0000000003.png", "16"), ("0000000005.png", "")):
        assert sum(name in problem and words in problem for problem in told) == 1, (name, told)
    assert len(told) == 8


def test_an_empty_folder_lacks_everything(tmp_path: Path) -> None:
    (problem,) = submission_problems(tmp_path)
    assert problem.startswith("1000 of 1000 files are missing: 0000000000.png, 0000000001.png")
    assert problem.endswith("and 995 more")


def test_the_command_writes_what_the_server_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kitti" / "depth_selection" / "test_depth_completion_anonymous"
    random = np.random.default_rng(0)
    names = ["0000000000", "0000000001"]
    for name in names:
        write_image(folder / "image" / f"{name}.png", random_image(0, HEIGHT, WIDTH))
        seen = random.random((HEIGHT, WIDTH)) < 0.01
        sparse = np.where(seen, random.integers(500, 20000, (HEIGHT, WIDTH)), 0)
        write_numbers(folder / "velodyne_raw" / f"{name}.png", sparse.astype(np.uint16))
        write_matrix(folder / "intrinsics" / f"{name}.txt", K.reshape(1, 9))
    where = ["--dataset", "kitti_depth", "--data", str(tmp_path / "kitti"), "--set", "split=test"]
    out = ["--out", str(tmp_path / "out"), "--device", "cpu", "--sheets", "0", "--save", "kitti"]
    assert main(["--model", "nearest", *where, *out]) == 3
    *_, told, unpacked = capsys.readouterr().err.splitlines()
    assert "kitti_submission: 998 of 1000 files are missing: 0000000002.png" in told
    assert "kitti_submission.zip is not written until that is mended" in unpacked
    sent = tmp_path / "out" / "nearest" / "kitti_submission"
    assert sorted(path.stem for path in sent.iterdir()) == names
    numbers = cv2.imread(str(sent / "0000000000.png"), cv2.IMREAD_UNCHANGED)
    assert numbers is not None
    assert (str(numbers.dtype), numbers.shape) == ("uint16", (HEIGHT, WIDTH))
    measured = cv2.imread(str(folder / "velodyne_raw" / "0000000000.png"), cv2.IMREAD_UNCHANGED)
    assert measured is not None
    # Nearest keeps what was measured: the scale has come through.
    assert np.array_equal(numbers[measured > 0], measured[measured > 0])
    assert "2 of 2 images left out of the means: the data set has no true depth" in (
        tmp_path / "out" / "table.md"
    ).read_text(encoding="utf-8")
