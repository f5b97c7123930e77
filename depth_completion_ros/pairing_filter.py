# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Core's pairing as one of the message_filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from message_filters import SimpleFilter

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.config import PairingConfig
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.pairing import Pairer


class PairingFilter(SimpleFilter):  # type: ignore[misc]  # message_filters has no types
    """Signals the pairs that a message decides, in a list, oldest first.

    Attributes:
        pairer: what decides; its drops are counted there.
    """

    def __init__(
        self,
        image: SimpleFilter,
        clouds: Sequence[SimpleFilter],
        config: PairingConfig,
        *,
        earlier_pairs: int,
        on_jump_back: Callable[[], None],
    ) -> None:
        super().__init__()
        self._streams = len(clouds)
        self._wishes = (config, earlier_pairs)
        self.pairer = self._pairer()
        self._on_jump_back = on_jump_back
        self._jumps = 0
        image.registerCallback(self._add_image)
        for stream, cloud in enumerate(clouds):
            cloud.registerCallback(partial(self._add_cloud, stream))

    def set_config(self, config: PairingConfig, earlier_pairs: int) -> None:
        """Go on with other settings; what waits is forgotten, what was counted stays."""
        if (config, earlier_pairs) != self._wishes:
            self._wishes = (config, earlier_pairs)
            self.start_anew()

    def start_anew(self) -> None:
        """Forget what waits; what was counted stays."""
        drops = self.pairer.drops
        self.pairer = self._pairer()
        self.pairer.drops.update(drops)

    def _pairer(self) -> Pairer[Any, Any]:
        config, earlier_pairs = self._wishes
        return Pairer(config, self._streams, earlier_pairs=earlier_pairs)

    def _add_image(self, message: Any) -> None:  # noqa: ANN401 - Image or CompressedImage
        self._signal(self.pairer.add_image(stamp_ns_of(message), message))

    def _add_cloud(self, stream: int, message: Any) -> None:  # noqa: ANN401 - PointCloud2 or Image
        self._signal(self.pairer.add_cloud(stamp_ns_of(message), message, stream))

    def _signal(self, pairs: Sequence[MessagePair]) -> None:
        jumps = self.pairer.drops["time jumped back"]
        if jumps != self._jumps:
            self._jumps = jumps
            self._on_jump_back()
        if pairs:
            self.signalMessage(pairs)
