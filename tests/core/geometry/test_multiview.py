# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Views warped into each other: loops over pixels, OpenCV, released values, laws, gradients."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.conventions import (
    FUSIONNET,
    INSTADM,
    OURS,
    PACKNET,
    WarpConvention,
)
from depth_completion_core.geometry.multiview.pose_vectors import (
    matrix_from_euler,
    matrix_from_rotation_vector,
)
from depth_completion_core.geometry.multiview.warping import Warped, move, sample, warp
from tests.golden.filling import golden, numbers

CONVENTIONS = {"ours": OURS, "fusionnet": FUSIONNET, "packnet": PACKNET, "instadm": INSTADM}
Array = npt.NDArray[np.float64]
_IMAGES, _HEIGHT, _WIDTH = 2, 6, 9


def _camera(convention: WarpConvention = OURS) -> PinholeCamera:
    K = torch.tensor(
        [[[7.0, 0, 4.2], [0, 8, 2.6], [0, 0, 1]], [[9, 0, 3.8], [0, 9, 2.2], [0, 0, 1]]]
    )
    return PinholeCamera(K.double(), convention)


def _scene() -> tuple[Tensor, Tensor, Tensor]:
    """An image, depth, and motions that carry some pixels out of view and behind the camera."""
    image = numbers(50, (_IMAGES, 3, _HEIGHT, _WIDTH)).double()
    depth = 0.2 + 3 * numbers(51, (_IMAGES, 1, _HEIGHT, _WIDTH)).double()
    rotation = 0.6 * (numbers(52, (_IMAGES, 3)).double() - 0.5)
    translation = torch.tensor([[0.2, -0.1, -0.6], [-0.3, 0.2, 0.4]]).double()
    return image, depth, matrix_from_rotation_vector(rotation=rotation, translation=translation)


def _warped(convention: WarpConvention, own_motion: Tensor | None = None) -> Warped:
    image, depth, motion = _scene()
    camera = _camera(convention)
    points = camera.unproject(depth)
    return warp(image, points, motion, camera, convention, own_motion=own_motion)


def _pixel_by_loops(
    point: Array, K: Array, motion: Array, convention: WarpConvention
) -> tuple[float, float, float]:
    x, y, z = motion[:3, :3] @ point + motion[:3, 3]
    divisor = max(z, convention.nearest_z) + convention.added_z
    u, v, _ = K @ (x / divisor, y / divisor, 1.0)
    return u, v, z


def _sampled_by_loops(image: Array, u: float, v: float, convention: WarpConvention) -> Array:
    """The colour between the pixels of an image (C, H, W)."""
    height, width = image.shape[1:]
    outside = not (0 <= u <= width - 1 and 0 <= v <= height - 1)
    if convention.cuts_partial and outside:
        return np.zeros(len(image))
    if not convention.align_corners:
        u, v = u * width / (width - 1) - 0.5, v * height / (height - 1) - 0.5
    if convention.padding == "border":
        u, v = min(max(u, 0.0), width - 1.0), min(max(v, 0.0), height - 1.0)
    color = np.zeros(len(image))
    for column in (math.floor(u), math.floor(u) + 1):
        for row in (math.floor(v), math.floor(v) + 1):
            weight = (1 - abs(u - column)) * (1 - abs(v - row))
            if 0 <= column < width and 0 <= row < height:
                color += weight * image[:, row, column]
    return color


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("moves", [False, True])
def test_a_warped_view_is_that_of_loops_over_pixels(name: str, moves: bool) -> None:
    image, depth, motion = (value.numpy() for value in _scene())
    K = _camera().K.numpy()
    own = 0.3 * numbers(53, (_IMAGES, 3, _HEIGHT, _WIDTH)).double() if moves else None
    found = _warped(CONVENTIONS[name], own)
    for i, v, u in np.ndindex(_IMAGES, _HEIGHT, _WIDTH):
        shifted = motion[i].copy()
        if own is not None:
            shifted[:3, 3] += own[i, :, v, u].numpy()
        point = np.linalg.inv(K[i]) @ (u, v, 1.0) * depth[i, 0, v, u]
        where = _pixel_by_loops(point, K[i], shifted, CONVENTIONS[name])
        color = _sampled_by_loops(image[i], *where[:2], CONVENTIONS[name])
        np.testing.assert_allclose(found.pixels[i, :, v, u], where[:2], rtol=1e-9)
        np.testing.assert_allclose(found.depth[i, 0, v, u], where[2], rtol=1e-9)
        np.testing.assert_allclose(found.image[i, :, v, u], color, atol=1e-9)


def test_the_scene_of_the_loops_has_what_conventions_differ_in() -> None:
    warped = _warped(OURS)
    assert (warped.depth < 0).any()
    assert ((warped.pixels[:, 0] > _WIDTH - 1) & (warped.pixels[:, 0] < _WIDTH)).any()
    images = [_warped(convention).image for convention in CONVENTIONS.values()]
    for i, first in enumerate(images):
        assert not any(torch.allclose(first, other) for other in images[:i])


@pytest.mark.parametrize("name", ["ours", "fusionnet", "packnet"])
def test_no_motion_gives_the_image_back(name: str) -> None:
    image, depth, _ = _scene()
    depth = depth + 1
    camera = _camera(CONVENTIONS[name])
    still = torch.eye(4).double().expand(_IMAGES, 4, 4)
    warped = warp(image, camera.unproject(depth), still, camera, CONVENTIONS[name])
    torch.testing.assert_close(warped.image, image, atol=1e-6, rtol=0)
    torch.testing.assert_close(warped.depth, depth)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_gradients_of_a_warped_view(name: str) -> None:
    convention = replace(CONVENTIONS[name], nearest_z=0.1)
    camera = PinholeCamera(_camera().K[:1], convention)
    image, depth, motion = (value[:1].requires_grad_() for value in _scene())
    corner = (slice(None), slice(None), slice(1, 4), slice(5, None))

    def warped(image: Tensor, depth: Tensor, motion: Tensor) -> Tensor:
        return warp(image, camera.unproject(depth)[corner], motion, camera, convention).image

    assert torch.autograd.gradcheck(warped, (image, depth, motion))


def _slanted_plane(camera: PinholeCamera, normal: Tensor, distance: float) -> Tensor:
    """(1, 1, H, W), the depth at which each pixel's ray meets normal . X = distance."""
    rays = camera.unproject(torch.ones(1, 1, 48, 64, dtype=torch.float64))
    return distance / (normal[None, :, None, None] * rays).sum(dim=1, keepdim=True)


def test_a_plane_under_known_motion_moves_by_its_homography() -> None:
    K = torch.tensor([[[50.0, 0, 31], [0, 52, 23], [0, 0, 1]]], dtype=torch.float64)
    camera = PinholeCamera(K, PACKNET)
    normal, distance = torch.tensor([0.1, -0.2, 0.97], dtype=torch.float64), 4.0
    motion = matrix_from_rotation_vector(
        rotation=torch.tensor([[0.02, -0.03, 0.05]], dtype=torch.float64),
        translation=torch.tensor([[0.2, -0.1, 0.3]], dtype=torch.float64),
    )
    rows, columns = np.mgrid[:48, :64]
    picture = 0.5 + 0.2 * np.sin(columns / 5.0) + 0.2 * np.cos(rows / 7.0 + columns / 11.0)
    depth = _slanted_plane(camera, normal, distance)
    view = torch.from_numpy(picture)[None, None]
    warped = warp(view, camera.unproject(depth), motion, camera, PACKNET)
    rigid = motion[0, :3, :3] + torch.outer(motion[0, :3, 3], normal) / distance
    homography = (K[0] @ rigid @ torch.linalg.inv(K[0])).numpy()
    corners = np.stack([columns, rows], axis=-1).reshape(1, -1, 2).astype(np.float64)
    expected = cv2.perspectiveTransform(corners, homography).reshape(48, 64, 2)
    np.testing.assert_allclose(warped.pixels[0].permute(1, 2, 0), expected, atol=1e-9)
    image = cv2.warpPerspective(
        picture, homography, (64, 48), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    # OpenCV rounds where it looks to 1/32 pixel.
    np.testing.assert_allclose(warped.image[0, 0], image, atol=0.05)
    inside = (expected > 0.1).all(axis=-1) & (expected < (62.9, 46.9)).all(axis=-1)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(warped.image[0, 0].numpy()[inside], image[inside], atol=2e-3)


def test_points_are_projected_as_by_opencv() -> None:
    _, depth, motion = _scene()
    camera = _camera()
    points = camera.unproject(depth + 3)
    found = camera.project(move(points, motion))
    for i in range(_IMAGES):
        rotation, _ = cv2.Rodrigues(motion[i, :3, :3].numpy())
        cloud = points[i].flatten(1).T.numpy().copy()
        pixels, _ = cv2.projectPoints(
            cloud, rotation, motion[i, :3, 3].numpy(), camera.K[i].numpy(), None
        )
        expected = pixels.reshape(_HEIGHT, _WIDTH, 2)
        np.testing.assert_allclose(found.pixels[i].permute(1, 2, 0), expected, atol=1e-9)


def test_unprojected_points_come_back_to_their_pixels() -> None:
    _, depth, _ = _scene()
    found = _camera().project(_camera().unproject(depth))
    rows, columns = torch.meshgrid(torch.arange(_HEIGHT), torch.arange(_WIDTH), indexing="ij")
    expected = torch.stack([columns, rows]).double().expand(_IMAGES, 2, -1, -1)
    torch.testing.assert_close(found.pixels, expected)
    torch.testing.assert_close(found.depth, depth)


def test_views_are_those_of_packnet() -> None:
    values = golden("packnet_views.json")
    pose = torch.tensor(values["pose"])[None]
    motion = matrix_from_euler(rotation=pose[:, 3:], translation=pose[:, :3])
    camera = PinholeCamera(torch.tensor([[[40.0, 0, 47.5], [0, 42, 31], [0, 0, 1]]]), PACKNET)
    depth = 1 / (0.05 + 0.4 * numbers(5, (1, 1, 64, 96)))
    view = numbers(3, (1, 3, 64, 96))
    for padding in ("zeros", "border"):
        convention = replace(PACKNET, padding=padding)
        image = warp(view, camera.unproject(depth), motion, camera, convention).image
        expected = values[f"view_synthesis_{padding}"]
        assert image.double().mean().item() == pytest.approx(expected["mean"], abs=1e-6)
        assert image.double().std().item() == pytest.approx(expected["std"], abs=1e-6)
        quarters = image.flatten()[[(image.numel() - 1) * i // 4 for i in range(5)]]
        np.testing.assert_allclose(quarters, expected["pts"], atol=1e-5)
    np.testing.assert_allclose(camera.scaled(0.5).K[0], values["scale_K_half"])


def test_scaling_without_the_half_pixel_scales_rows_of_the_matrix() -> None:
    camera = _camera(INSTADM)
    np.testing.assert_allclose(camera.scaled(3.0).K[:, :2], 3 * camera.K[:, :2])


def test_intrinsics_for_no_batch_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(B, 3, 3\)"):
        PinholeCamera(torch.eye(3))


def test_an_image_of_one_pixel_width_can_be_sampled() -> None:
    image = numbers(54, (1, 1, 4, 1)).double()
    pixels = torch.stack([torch.zeros(4, 1), torch.arange(4.0)[:, None]])[None].double()
    torch.testing.assert_close(sample(image, pixels), image)


def test_autocast_leaves_pixels_where_they_are() -> None:
    image, depth, motion = (value.float() for value in _scene())
    camera = PinholeCamera(_camera().K.float())
    expected = warp(image, camera.unproject(depth), motion, camera)
    with torch.autocast("cpu", torch.bfloat16):
        found = warp(image, camera.unproject(depth), motion, camera)
    assert torch.equal(found.pixels, expected.pixels)
    assert torch.equal(found.image, expected.image)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_warped_view_is_the_same_on_a_gpu() -> None:
    image, depth, motion = (value.float().cuda() for value in _scene())
    camera = PinholeCamera(_camera().K.float().cuda())
    found = warp(image, camera.unproject(depth), motion, camera)
    expected = _warped(OURS)
    torch.testing.assert_close(found.image.cpu(), expected.image.float(), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.depth.cpu(), expected.depth.float(), atol=1e-5, rtol=0)
