# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrations as the tools write them: ROS's calibrator, Kalibr, OpenCV, echoed messages, text."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.files.calibration_files import (
    CalibrationFileError,
    read_calibration,
    read_intrinsics,
)
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel

_SIZE = (480, 640)
_D = (-0.3, 0.1, 0.001, -0.002, 0.01)
_K = np.array([[410.0, 0, 318.4], [0, 395.0, 243.7], [0, 0, 1]])
_RAW = CameraModel.from_matrix(
    _K, width=640, height=480, distortion_model="plumb_bob", distortion=_D
)
_RECTIFIED = CameraModel(fx=350.0, fy=351.0, cx=310.0, cy=240.0, width=640, height=480)

_CALIBRATOR = """\
image_width: 640
image_height: 480
camera_name: head_camera
camera_matrix:
  rows: 3
  cols: 3
  data: [410., 0., 318.4, 0., 395., 243.7, 0., 0., 1.]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.3, 0.1, 0.001, -0.002, 0.01]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1., 0., 0., 0., 1., 0., 0., 0., 1.]
projection_matrix:
  rows: 3
  cols: 4
  data: [350., 0., 310., -35., 0., 351., 240., 0., 0., 0., 1., 0.]
"""
_ECHOED = """\
header:
  stamp: {sec: 1, nanosec: 2}
  frame_id: camera
height: 480
width: 640
distortion_model: plumb_bob
D: [-0.3, 0.1, 0.001, -0.002, 0.01]
K: [410., 0., 318.4, 0., 395., 243.7, 0., 0., 1.]
R: [1., 0., 0., 0., 1., 0., 0., 0., 1.]
P: [350., 0., 310., -35., 0., 351., 240., 0., 0., 0., 1., 0.]
binning_x: 0
binning_y: 0
roi: {x_offset: 0, y_offset: 0, height: 0, width: 0, do_rectify: false}
---
"""
_CAMCHAIN = """\
cam0:
  cam_overlaps: [1]
  camera_model: pinhole
  distortion_coeffs: [-0.3, 0.1, 0.001, -0.002]
  distortion_model: radtan
  intrinsics: [410.0, 395.0, 318.4, 243.7]
  resolution: [640, 480]
  rostopic: /left/image_raw
cam1:
  T_cn_cnm1: [[1, 0, 0, -0.1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
  camera_model: pinhole
  distortion_coeffs: [-0.02, 0.009, -0.004, 0.0007]
  distortion_model: equidistant
  intrinsics: [300.0, 301.0, 320.0, 240.0]
  resolution: [640, 480]
  rostopic: /right/image_raw
"""


def _written(folder: Path, text: str, name: str = "camera.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [_CALIBRATOR, _ECHOED, _ECHOED.lower()])
def test_what_ros_writes_has_both_cameras(tmp_path: Path, text: str) -> None:
    calibration = read_calibration(_written(tmp_path, text), size=_SIZE)
    assert camera_from_info(calibration, rectified=False).camera == _RAW
    rectified = camera_from_info(calibration, rectified=True)
    assert rectified.camera == _RECTIFIED
    np.testing.assert_allclose(rectified.camera_from_frame.translation, [-0.1, 0, 0])


def test_what_opencv_writes(tmp_path: Path) -> None:
    path = tmp_path / "camera.yml"
    storage = cv2.FileStorage(str(path), cv2.FileStorage_WRITE)
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("camera_matrix", _K)
    storage.write("distortion_coefficients", np.array([_D]).T)
    storage.release()
    assert read_intrinsics(path, width=640, height=480, image=Path("a.png")) == _RAW


def test_opencv_s_four_coefficients_may_be_a_fisheye(tmp_path: Path) -> None:
    text = _CALIBRATOR.replace("distortion_model: plumb_bob\n", "").replace(", 0.01]", "]")
    with pytest.raises(CalibrationFileError, match="four distortion coefficients"):
        read_calibration(_written(tmp_path, text))


def test_a_camchain_knows_the_topics_of_its_cameras(tmp_path: Path) -> None:
    path = _written(tmp_path, _CAMCHAIN)
    left = read_calibration(path, size=_SIZE, image="/left/image_raw")
    camera = camera_from_info(left, rectified=False).camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (410.0, 395.0, 318.4, 243.7)
    assert (camera.distortion_model, camera.distortion) == ("plumb_bob", (*_D[:4], 0.0))
    assert read_calibration(f"{path}#cam0") == left
    right = read_calibration(path, image="right/image_raw")
    assert camera_from_info(right, rectified=False).camera.distortion_model == "equidistant"
    with pytest.raises(CalibrationFileError, match=r"several cameras: cam0 .*Say which.*#cam1"):
        read_calibration(path, image="/front/image_raw")
    with pytest.raises(CalibrationFileError, match="no camera 'cam7', only cam0, cam1"):
        read_calibration(f"{path}#cam7")


def test_a_file_of_the_raw_image_does_not_calibrate_a_rectified_one(tmp_path: Path) -> None:
    calibration = read_calibration(_written(tmp_path, _CAMCHAIN), image="/left/image_raw")
    with pytest.raises(ValueError, match=r"counts as rectified, but .* no P"):
        camera_from_info(calibration, rectified=True)


@pytest.mark.parametrize("kind", ["text", "commas", "brackets", "4x4", "npy"])
def test_a_matrix_is_of_raw_and_rectified_image_alike(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("K.npy" if kind == "npy" else "K.txt")
    whole = np.eye(4)
    whole[:3, :3] = _K
    if kind == "npy":
        np.save(path, _K)
    elif kind == "brackets":
        path.write_text(f"# the left camera\n{_K}\n", encoding="utf-8")
    else:
        np.savetxt(path, whole if kind == "4x4" else _K, delimiter=", " * (kind == "commas") or " ")
    calibration = read_calibration(path, size=_SIZE)
    for rectified in (False, True):
        camera = camera_from_info(calibration, rectified=rectified).camera
        assert camera == CameraModel.from_matrix(_K, width=640, height=480)


def test_the_cut_and_binned_image_of_a_message_is_smaller(tmp_path: Path) -> None:
    text = _ECHOED.replace("binning_x: 0", "binning_x: 2").replace("binning_y: 0", "binning_y: 2")
    calibration = read_calibration(_written(tmp_path, text), size=(240, 320))
    camera = camera_from_info(calibration, rectified=False).camera
    assert (camera.height, camera.width) == (240, 320)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3\n4 5 6\n", "found 6 numbers, expected 3 rows of 3"),
        ("1 2 3\n4 5\n", "found 5 numbers"),
        ("", "found 0 numbers"),
        ("fx fy cx\n", "neither numbers nor YAML"),
        ("0 0 0\n0 0 0\n0 0 0\n", "focal length"),
        (
            "1200 0 959.5\n0 1200 719.5\n0 0 1\n",
            r"principal point at \(960, 720\), .* 1920x1440 pixels, but the image has 640x480",
        ),
        (_CALIBRATOR.replace("image_width", "width"), "has no 'image_width'"),
        (_CALIBRATOR.replace("318.4, ", ""), "camera_matrix has 8 numbers, expected 9"),
        (_CALIBRATOR.replace("640", "320"), "image of 320x480 pixels, but the image has 640x480"),
        (_CALIBRATOR.replace("640", "1" + "0" * 5000), "is no calibration"),
        (_CALIBRATOR.replace("410.", ".nan"), "NaN"),
        (_CAMCHAIN.replace("pinhole", "omni"), "'omni' is not supported"),
        ("a: " + "[" * 3000, "is no calibration"),
        ("a: !!python/object/apply:os.system ['true']", "is no calibration"),
        ("a: 1\nb: 2\n", "has no 'camera_matrix'"),
    ],
)
def test_what_is_no_calibration_of_the_image_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    path = _written(tmp_path, text, "strange.yaml")
    with pytest.raises(CalibrationFileError, match=words) as caught:
        read_calibration(
            path, size=_SIZE, image="the image" if "cam0" not in text else "/left/image_raw"
        )
    assert "strange.yaml" in str(caught.value)


def test_an_unknown_distortion_names_the_file(tmp_path: Path) -> None:
    path = _written(tmp_path, _CALIBRATOR.replace("plumb_bob", "double_sphere"))
    with pytest.raises(CalibrationFileError, match=r"camera\.yaml.*'double_sphere'"):
        read_intrinsics(path, width=640, height=480, image=Path("a.png"))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFileError, match="cannot read"):
        read_calibration(tmp_path / "none.yaml")
    big = tmp_path / "big.yaml"
    big.write_bytes(b" " * 1_000_001)
    with pytest.raises(CalibrationFileError, match="too large"):
        read_calibration(big)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CalibrationFileError, match="not text"):
        read_calibration(tmp_path / "bytes.yaml")


def test_a_matrix_in_shares_of_the_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "K.txt"
    path.write_text("0.78 0 0.5\n0 1.04 0.5\n0 0 1\n", encoding="utf-8")
    with pytest.raises(CalibrationFileError, match=r"at \(0.5, 0.5\), as a share.*640.*480"):
        read_intrinsics(path, width=640, height=480, image=Path("a.png"))
