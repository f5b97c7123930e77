# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings tree as ROS parameters, in both directions."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from depth_completion_core.settings.descriptions import Setting, settings_of
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_from_mapping
from depth_completion_ros.node_config import FIXED_AT_START, NodeConfig

_SETTINGS = {setting.path: setting for setting in settings_of(NodeConfig)}
_GROUPS = {path.split(".")[0] for path in _SETTINGS if "." in path}
_LARGEST_INT = 2**63 - 1


class NodeParameters:
    """Declares every setting, and keeps the settings tree that the parameters add up to.

    Attributes:
        config: the settings as they are now.
    """

    def __init__(self, node: Node, on_change: Callable[[NodeConfig], None]) -> None:
        """Declare and read.

        Raises:
            ConfigError: a value does not fit, or a name inside of our groups is not known.
        """
        self._on_change = on_change
        self._may_change_model = False
        # What a launch file or --ros-args gave, declared or not: rclpy has no public name for it.
        _refuse_unknown(node._parameter_overrides)
        values = {
            path: node.declare_parameter(path, _ros_value(setting.default), descriptor(setting))
            for path, setting in _SETTINGS.items()
        }
        self.config = _config({path: item.value for path, item in values.items()})
        node.add_on_set_parameters_callback(self._on_set)
        self._node = node

    def set_model(self, model: str, weights: str) -> None:
        """Write down which model is in use, after the service has changed it."""
        self._may_change_model = True
        try:
            self._node.set_parameters(
                [Parameter("model", value=model), Parameter("weights", value=weights)]
            )
        finally:
            self._may_change_model = False

    def _on_set(self, parameters: Iterable[Parameter]) -> SetParametersResult:
        """Take all changes of one call, or none."""
        ours = {item.name: item.value for item in parameters if item.name in _SETTINGS}
        if not ours:
            return SetParametersResult(successful=True)
        try:
            self._refuse_fixed(ours)
            changed = _merged(self.config, ours)
            self._on_change(changed)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.config = changed
        return SetParametersResult(successful=True)

    def _refuse_fixed(self, values: Mapping[str, Any]) -> None:
        for path in values:
            if path in ("model", "weights") and not self._may_change_model:
                raise ConfigError(f"'{path}' is changed by the service ~/load_model")
            if path in FIXED_AT_START and path not in ("model", "weights"):
                raise ConfigError(
                    f"'{path}' counts when the node starts: give it in the parameter file"
                )


def descriptor(setting: Setting) -> ParameterDescriptor:
    """What ``ros2 param describe`` shows of a setting."""
    limits = setting.limits
    allowed = f" One of: {', '.join(limits.choices)}." if limits.choices else ""
    result = ParameterDescriptor(
        description=setting.description + allowed,
        # Types are checked with the tree: an int is welcome for a float, and an empty list, which
        # has no type in ROS, for any list.
        dynamic_typing=True,
    )
    if setting.type_hint is int and math.isfinite(limits.low):
        high = int(limits.high) if math.isfinite(limits.high) else _LARGEST_INT
        result.integer_range = [IntegerRange(from_value=int(limits.low), to_value=high, step=0)]
    if setting.type_hint is float and math.isfinite(limits.low):
        high_value = limits.high if math.isfinite(limits.high) else 1e300
        result.floating_point_range = [
            FloatingPointRange(from_value=limits.low, to_value=high_value, step=0.0)
        ]
    return result


def _refuse_unknown(names: Iterable[str]) -> None:
    """Names outside of our groups may be another node's, from a file with /**: left alone."""
    for name in names:
        group = name.split(".")[0]
        if name in _SETTINGS or group not in _GROUPS:
            continue
        near = difflib.get_close_matches(name, _SETTINGS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(_SETTINGS)}"
        raise ConfigError(f"unknown parameter '{name}'; {hint}")


def _config(values: Mapping[str, Any]) -> NodeConfig:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *groups, leaf = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[leaf] = _plain(_SETTINGS[path], value)
    return config_from_mapping(NodeConfig, tree)


def _merged(config: NodeConfig, values: Mapping[str, Any]) -> NodeConfig:
    """The settings with some leaves changed."""
    return _config({path: attrgetter(path)(config) for path in _SETTINGS} | dict(values))


def _plain(setting: Setting, value: Any) -> Any:  # noqa: ANN401
    """A parameter's value as the tree has it: YAML's true is the text of a choice, too."""
    if isinstance(value, bool) and setting.type_hint is str:
        return str(value).lower()
    if value is None and setting.type_hint not in (bool, int, float, str):
        return ()
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return tuple(value)
    return value


def _ros_value(default: Any) -> Any:  # noqa: ANN401
    return list(default) if isinstance(default, tuple) else default
