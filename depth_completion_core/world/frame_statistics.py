# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The synthetic world in numbers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from depth_completion_core.world.casting.primitives import CURVED_KINDS, Float64Array
from depth_completion_core.world.edges import depth_edges, image_edges, jumps, within
from depth_completion_core.world.objects.families import FAMILIES
from depth_completion_core.world.render import RenderedFrames, render_scenes
from depth_completion_core.world.scene import WorldScene
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene

SEEN_PX = 12
"""An object is visible if at least this many of its pixels are."""

_NEAR_PX = 2
_OCCLUDER_M, _OCCLUDER_SHARE = 1.0, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStatistics:
    """One frame, counted.

    Attributes:
        kind: of the scene.
        families: of the objects that are visible.
        objects: in the scene.
        visible: objects with at least SEEN_PX pixels.
        thin: objects of thin families in the scene. Likewise curved and supported.
        curved_pixels: share of the image's pixels on curved primitives.
        near_edge: share of pixels within 2 pixels of a depth edge.
        image_edges: number of their pixels; lonely_image_edges: with no depth edge within 2 pixels.
        depth_edges: number of their pixels; lonely_depth_edges: with no image edge within 2 pixels.
        jumps: between neighbours; same_material: of these, with one material on both sides.
        occluded: whether objects nearer than 1 m cover 2 % of the image.
        sizes: longest sides of the objects, metres.
        seconds: to draw and to render.
    """

    kind: str
    families: frozenset[str]
    objects: int
    visible: int
    thin: int
    curved: int
    supported: int
    curved_pixels: float
    near_edge: float
    image_edges: int
    lonely_image_edges: int
    depth_edges: int
    lonely_depth_edges: int
    jumps: int
    same_material: int
    occluded: bool
    sizes: tuple[float, ...]
    seconds: tuple[float, float]


def frame_statistics(config: WorldConfig, seed: int, index: int) -> FrameStatistics:
    """Sample, render and count one frame."""
    started = time.perf_counter()
    scene = sample_scene(config, seed, index)
    sampled = time.perf_counter()
    frames = render_scenes([scene], seed, [index])
    rendered = time.perf_counter()
    return counted(frames, (sampled - started, rendered - sampled))


def counted(frames: RenderedFrames, seconds: tuple[float, float] = (0.0, 0.0)) -> FrameStatistics:
    """The first of some frames, counted."""
    scene, table = frames.scenes[0], frames.scenes[0].table
    depth, valid = frames.depth[0].cpu().numpy(), frames.valid[0].cpu().numpy()
    primitive = frames.primitive[0].cpu().numpy()
    of_depth = depth_edges(depth, valid)
    of_image = image_edges(frames.image[0].permute(1, 2, 0).contiguous().cpu().numpy())
    owner = np.where(primitive >= 0, table.owner[primitive], -1)
    seen = np.bincount(owner[owner >= 0], minlength=len(scene.families)) >= SEEN_PX
    known = {name: family for kind in FAMILIES.values() for name, family in kind.items()}
    objects = [known[name] for name in scene.families]
    near = valid & (depth < _OCCLUDER_M) & (owner >= 0)
    edges_between, same = _materials_across(depth, primitive, table.material)
    return FrameStatistics(
        kind=scene.kind,
        families=frozenset(np.asarray(scene.families, dtype=object)[seen].tolist()),
        objects=len(objects),
        visible=int(seen.sum()),
        thin=sum(family.thin for family in objects),
        curved=sum(family.curved for family in objects),
        supported=int(scene.supported.sum()),
        curved_pixels=float(np.isin(table.kind[primitive], CURVED_KINDS)[valid].mean()),
        near_edge=float(within(of_depth, _NEAR_PX).mean()),
        image_edges=int(of_image.sum()),
        lonely_image_edges=int((of_image & ~within(of_depth, _NEAR_PX)).sum()),
        depth_edges=int(of_depth.sum()),
        lonely_depth_edges=int((of_depth & ~within(of_image, _NEAR_PX)).sum()),
        jumps=edges_between,
        same_material=same,
        occluded=bool(near.mean() > _OCCLUDER_SHARE),
        sizes=tuple(object_sizes(scene).tolist()),
        seconds=seconds,
    )


def _materials_across(
    depth: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    primitive: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    material: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> tuple[int, int]:
    """Jumps between horizontal neighbours that are both surfaces, and those of one material."""
    surface = primitive >= 0
    inverse = np.where(surface, 1.0 / np.maximum(depth, 1e-3), 0.0)
    both = jumps(inverse) & surface[:, :-1] & surface[:, 1:]
    numbers = material[primitive]
    return int(both.sum()), int((both & (numbers[:, :-1] == numbers[:, 1:])).sum())


def object_sizes(scene: WorldScene) -> Float64Array:
    """(O,) longest side of each object of a scene, metres."""
    corners, owner = scene.table.corners(), scene.table.owner
    low = np.full((len(scene.families), 3), np.inf)
    high = -low
    part = owner >= 0
    for side, reduce in ((low, np.minimum), (high, np.maximum)):
        reduce.at(side, np.repeat(owner[part], 8), corners[part].reshape(-1, 3))
    sizes: Float64Array = (high - low).max(axis=1)
    return sizes


def summary(frames: Iterable[FrameStatistics]) -> dict[str, float]:
    """The numbers of many frames; shares of edges are of all frames' edges together."""
    every = list(frames)

    def total(name: str) -> float:
        return float(sum(getattr(frame, name) for frame in every))

    def median(name: str) -> float:
        return float(np.median([getattr(frame, name) for frame in every]))

    objects = max(total("objects"), 1.0)
    seconds = np.array([frame.seconds for frame in every])
    return {
        "frames": len(every),
        "families seen": len(frozenset().union(*(frame.families for frame in every))),
        "families in a frame, median": float(np.median([len(frame.families) for frame in every])),
        "objects, median": median("objects"),
        "visible objects, median": median("visible"),
        "object size, median [m]": float(np.median([s for frame in every for s in frame.sizes])),
        "objects of thin families": total("thin") / objects,
        "objects of curved families": total("curved") / objects,
        "objects resting on others": total("supported") / objects,
        "pixels on curved surfaces": float(np.mean([frame.curved_pixels for frame in every])),
        "pixels near depth edges": float(np.mean([frame.near_edge for frame in every])),
        "image edges without depth edge": total("lonely_image_edges") / total("image_edges"),
        "depth edges without image edge": total("lonely_depth_edges") / total("depth_edges"),
        "depth jumps within one material": total("same_material") / max(total("jumps"), 1.0),
        "frames with an occluder below 1 m": total("occluded") / len(every),
        "frames per second, sampling": float(1.0 / seconds[:, 0].mean()),
        "frames per second, rendering": float(1.0 / seconds[:, 1].mean()),
        "frames per second": float(1.0 / seconds.sum(axis=1).mean()),
    }


def world_statistics(frames: int) -> dict[str, dict[str, float]]:
    """Statistics of the frames with seeds from 0 on: of all, then of each kind of scene."""
    config = WorldConfig()
    frame_statistics(config, 0, 0)  # draws the textures
    every = [frame_statistics(config, seed, 0) for seed in range(frames)]
    columns = {"all": summary(every)}
    for kind in sorted({frame.kind for frame in every}):
        columns[kind] = summary(frame for frame in every if frame.kind == kind)
    return columns


def as_markdown(columns: dict[str, dict[str, float]]) -> str:
    """The statistics as a table."""
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for name in next(iter(columns.values())):
        cells = " | ".join(f"{numbers[name]:.3g}" for numbers in columns.values())
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)
