# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which clouds belong to which image: streams of stamped messages in, pairs out.

Live and from a bag alike, an image is decided as soon as no nearer cloud can come, because every
cloud stream has moved past its stamp, or is to be expected, because the nearest cloud lies within
half a period of its stream.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic

from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.history import ImageHistory
from depth_completion_core.sensing.pair import CloudT, ImageT, Pair

_NS_PER_MS = 1_000_000
_INTERVALS_KEPT = 8  # a period is the shortest of these, so that lost messages do not lengthen it
_SHARE_OF_SLOP = 4  # a gap below the slop over this is near enough while no period is known


@dataclass(order=True, slots=True)
class _Stamped:
    """A waiting message; ordered by its stamp (the cloud's offsets added)."""

    stamp_ns: int
    item: Any = field(compare=False)
    is_used: bool = field(default=False, compare=False)


class Pairer(Generic[ImageT, CloudT]):
    """Matches one stream of images with any number of streams of clouds, or with none.

    Attributes:
        drops: how many messages were not used, by reason.
        best_gap_ns: smallest gap seen between an image and its nearest cloud; None before any.
    """

    def __init__(
        self, config: PairingConfig, cloud_streams: int = 1, *, earlier_pairs: int = 0
    ) -> None:
        """Start with empty streams.

        Args:
            config: what may be paired.
            cloud_streams: how many there are; images of none are decided at once.
            earlier_pairs: how many images before its own each pair gets.
        """
        self._config = config
        self._before: ImageHistory[ImageT, CloudT] = ImageHistory(earlier_pairs)
        self._images: list[_Stamped] = []
        self._clouds: list[list[_Stamped]] = [[] for _ in range(cloud_streams)]
        self._history: list[deque[_Stamped]] = [
            deque(maxlen=config.queue_size) for _ in range(cloud_streams)
        ]
        self._newest_ns: dict[int | str, int] = {}
        self._intervals_ns: dict[int | str, deque[int]] = {}
        self._accumulate_ns = round(config.accumulate_ms * _NS_PER_MS)
        self._slop_ns = round(config.slop_ms * _NS_PER_MS)
        self._offset_ns = round(config.cloud_time_offset_ms * _NS_PER_MS)
        self._clock_offset_ns = round(config.cloud_clock_offset_ms * _NS_PER_MS)
        self._jump_back_ns = round(config.jump_back_ms * _NS_PER_MS)
        self.drops: Counter[str] = Counter()
        self.best_gap_ns: int | None = None

    def add_image(self, stamp_ns: int, image: ImageT) -> list[Pair[ImageT, CloudT]]:
        """Take an image; returns the pairs that are now decided, oldest first.

        One stamped as the image before it is dropped: a stamp that stands still would give all
        images one cloud.
        """
        if self._newest_ns.get("image") == stamp_ns:
            self.drops["image: stamped as the image before it"] += 1
            return []
        decided = self._flush_on_jump("image", stamp_ns)
        insort(self._images, _Stamped(stamp_ns, image))
        if len(self._images) > self._config.queue_size:
            self._before.add(_alone(self._images.pop(0)))
            self.drops["image: queue full, no cloud came"] += 1
        return decided + self._decide(at_end=False)

    def add_cloud(
        self, stamp_ns: int, cloud: CloudT, stream: int = 0
    ) -> list[Pair[ImageT, CloudT]]:
        """Take a cloud; returns the pairs that are now decided, oldest first.

        Of several with one stamp, as where stamps are whole seconds, the first is nearest to it:
        the others are dropped, but accumulated where that was asked for.
        """
        matched_ns = stamp_ns + self._clock_offset_ns + self._offset_ns
        is_repeated = self._newest_ns.get(stream) == matched_ns
        decided = self._flush_on_jump(stream, matched_ns)
        stamped = _Stamped(matched_ns, cloud)
        if self._accumulate_ns:
            self._history[stream].append(stamped)
        if is_repeated:
            self.drops["cloud: stamped as the cloud before it"] += 1
            return decided
        insort(self._clouds[stream], stamped)
        return decided + self._decide(at_end=False)

    def flush(self) -> list[Pair[ImageT, CloudT]]:
        """Decide everything that waits: no more messages will come."""
        decided = self._decide(at_end=True)
        for stream in self._clouds:
            self._forget(stream, len(stream))
        return decided

    def _flush_on_jump(self, stream: int | str, stamp_ns: int) -> list[Pair[ImageT, CloudT]]:
        """Time that jumps back ends what came before, as when a bag starts again."""
        newest_ns = self._newest_ns.get(stream)
        if newest_ns is None or stamp_ns >= newest_ns - self._jump_back_ns:
            if newest_ns is not None and stamp_ns > newest_ns:
                intervals = self._intervals_ns.setdefault(stream, deque(maxlen=_INTERVALS_KEPT))
                intervals.append(stamp_ns - newest_ns)
            self._newest_ns[stream] = stamp_ns if newest_ns is None else max(newest_ns, stamp_ns)
            return []
        decided = self.flush()
        self.drops["time jumped back"] += 1
        self._newest_ns = {stream: stamp_ns}
        self._intervals_ns.clear()
        for history in self._history:
            history.clear()
        self._before.clear()
        return decided

    def _decide(self, *, at_end: bool) -> list[Pair[ImageT, CloudT]]:
        pairs: list[Pair[ImageT, CloudT]] = []
        while self._images and (at_end or self._is_ripe(self._images[0].stamp_ns)):
            image = self._images.pop(0)
            pair = self._pair(image)
            if pair is None:
                self._before.add(_alone(image))
            else:
                pairs.append(replace(pair, earlier=self._before.of(pair)))
                self._before.add(pair)
        self._forget_old_clouds()
        return pairs

    def _is_ripe(self, image_ns: int) -> bool:
        """Whether nothing that may still come can change which clouds this image gets."""
        for index, stream in enumerate(self._clouds):
            usable = self._usable(stream)
            if not usable:
                return False
            newest_ns = usable[-1].stamp_ns
            if newest_ns < image_ns and not self._is_nearest_for_sure(index, image_ns - newest_ns):
                return False
            if self._config.reuse_clouds:
                continue
            nearest = self._nearest(stream, image_ns)
            # A cloud that comes after the image may be nearer to the next image: wait for that.
            is_claimed_later = (
                nearest is not None
                and nearest.stamp_ns > image_ns
                and self._newest_ns.get("image", image_ns) < nearest.stamp_ns
                and not self._is_nearest_for_sure("image", nearest.stamp_ns - image_ns)
            )
            if is_claimed_later:
                return False
        return True

    def _is_nearest_for_sure(self, stream: int | str, gap_ns: int) -> bool:
        """Whether the stream's next message is to be expected farther away than this gap."""
        if not self._config.decide_early:
            return False
        intervals = self._intervals_ns.get(stream)
        enough_ns = min(intervals) / 2 if intervals else self._slop_ns / _SHARE_OF_SLOP
        return gap_ns <= min(enough_ns, self._slop_ns)

    def _pair(self, image: _Stamped) -> Pair[ImageT, CloudT] | None:
        chosen = []
        for index, stream in enumerate(self._clouds):
            cloud = self._nearest(stream, image.stamp_ns)
            reason = self._why_not(image, cloud)
            if cloud is None or reason:
                suffix = f" (cloud stream {index})" if len(self._clouds) > 1 else ""
                self.drops[f"image: {reason}{suffix}"] += 1
                return None
            chosen.append(cloud)
        for cloud in chosen:
            cloud.is_used = True
        return Pair(
            image=image.item,
            image_stamp_ns=image.stamp_ns,
            clouds=tuple(cloud.item for cloud in chosen),
            cloud_stamps_ns=tuple(cloud.stamp_ns - self._offset_ns for cloud in chosen),
            gap_ns=max((abs(cloud.stamp_ns - image.stamp_ns) for cloud in chosen), default=0),
            earlier_clouds=tuple(self._earlier_clouds(chosen)),
        )

    def _earlier_clouds(self, chosen: list[_Stamped]) -> Iterator[tuple[Any, int]]:
        """Clouds of the time before the chosen ones, each with its own stamp, oldest first."""
        for history, cloud in zip(self._history, chosen, strict=True):
            first_ns = cloud.stamp_ns - self._accumulate_ns
            while history and history[0].stamp_ns < first_ns - self._slop_ns:
                history.popleft()
            for earlier in history:
                if first_ns <= earlier.stamp_ns < cloud.stamp_ns:
                    yield earlier.item, earlier.stamp_ns - self._offset_ns

    def _why_not(self, image: _Stamped, cloud: _Stamped | None) -> str:
        if cloud is None:
            return "no cloud left" if not self._config.reuse_clouds else "no cloud"
        gap_ns = abs(cloud.stamp_ns - image.stamp_ns)
        self.best_gap_ns = gap_ns if self.best_gap_ns is None else min(self.best_gap_ns, gap_ns)
        if gap_ns > self._slop_ns:
            return f"no cloud within {self._config.slop_ms:g} ms"
        nearer_image = not self._config.reuse_clouds and any(
            abs(cloud.stamp_ns - other.stamp_ns) < gap_ns for other in self._images
        )
        return "its cloud is nearer to the next image" if nearer_image else ""

    def _usable(self, stream: Sequence[_Stamped]) -> Sequence[_Stamped]:
        """All clouds; where each counts once, those after the last one used, so that time runs on.

        A cloud that was passed over may already be forgotten: it must not matter whether it is.
        """
        if self._config.reuse_clouds:
            return stream
        first = max((index + 1 for index, cloud in enumerate(stream) if cloud.is_used), default=0)
        return stream[first:]

    def _nearest(self, stream: Sequence[_Stamped], stamp_ns: int) -> _Stamped | None:
        usable = self._usable(stream)
        index = bisect_left([cloud.stamp_ns for cloud in usable], stamp_ns)
        around = usable[max(index - 1, 0) : index + 1]
        return min(around, key=lambda cloud: abs(cloud.stamp_ns - stamp_ns), default=None)

    def _forget_old_clouds(self) -> None:
        """Keep the newest cloud before the oldest image that waits or may still come, and on."""
        newest_image_ns = self._newest_ns.get("image")
        oldest_ns = self._images[0].stamp_ns if self._images else newest_image_ns
        for stream in self._clouds:
            if oldest_ns is not None:
                self._forget(stream, bisect_left([c.stamp_ns for c in stream], oldest_ns) - 1)
            self._forget(stream, len(stream) - self._config.queue_size)

    def _forget(self, stream: list[_Stamped], count: int) -> None:
        for cloud in stream[: max(count, 0)]:
            if not cloud.is_used:
                self.drops["cloud: no image was nearest to it"] += 1
        del stream[: max(count, 0)]


def _alone(image: _Stamped) -> Pair[Any, Any]:
    """An image for which there was no cloud: later images may still look back at it."""
    return Pair(
        image=image.item, image_stamp_ns=image.stamp_ns, clouds=(), cloud_stamps_ns=(), gap_ns=0
    )
