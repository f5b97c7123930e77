# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.fields import ConfigError
from depth_completion_ros.node_config import NodeConfig

pytestmark = pytest.mark.ros
rclpy: Any = pytest.importorskip("rclpy", reason="ROS 2 is not sourced")

from rclpy.parameter import Parameter  # noqa: E402

from depth_completion_ros.parameters import NodeParameters  # noqa: E402


@pytest.fixture
def context() -> Iterator[Any]:
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=99)
    yield context
    rclpy.shutdown(context=context)


def _node(context: Any, **overrides: object) -> Any:  # noqa: ANN401 - rclpy has no types
    given = [Parameter(name.replace("__", "."), value=value) for name, value in overrides.items()]
    return rclpy.create_node("parameters", context=context, parameter_overrides=given)


def _declared(context: Any, **overrides: object) -> tuple[Any, NodeParameters, list[NodeConfig]]:  # noqa: ANN401
    node = _node(context, **overrides)
    changes: list[NodeConfig] = []
    return node, NodeParameters(node, changes.append), changes


def test_every_setting_is_a_parameter_with_its_description(context: Any) -> None:  # noqa: ANN401
    node, parameters, _ = _declared(context)
    for setting in settings_of(NodeConfig):
        described = node.describe_parameter(setting.path)
        assert described.description.startswith(setting.description)
        if setting.limits.choices:
            assert setting.limits.choices[0] in described.description
    assert parameters.config == NodeConfig()
    assert node.describe_parameter("output.min_confidence").floating_point_range[0].to_value == 1.0


def test_overrides_count_and_an_int_is_welcome_for_a_float(context: Any) -> None:  # noqa: ANN401
    _, parameters, _ = _declared(
        context,
        pairing__slop_ms=25,
        image_is_rectified=True,
        inference__roi_px=[0, 0, 32, 24],
        points_topics=["a", "b"],
    )
    config = parameters.config
    assert (config.pairing.slop_ms, config.image_is_rectified) == (25.0, "true")
    assert config.inference.roi_px == (0, 0, 32, 24)
    assert config.points_topics == ("a", "b")


def test_unknown_names_inside_our_groups_are_refused(context: Any) -> None:  # noqa: ANN401
    with pytest.raises(ConfigError, match=r"'output.max_deph'; did you mean 'output.max_depth'"):
        _declared(context, output__max_deph=3.0)


def test_names_of_other_nodes_are_left_alone(context: Any) -> None:  # noqa: ANN401
    _, parameters, _ = _declared(context, frame_rate=30, camera__exposure=3)
    assert parameters.config == NodeConfig()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"output__min_confidence": 2.0}, "output.min_confidence"),
        ({"depth_encoding": "8UC1"}, "one of 32FC1, 16UC1"),
        ({"pairing__slop_ms": "much"}, "'pairing.slop_ms' is a number"),
    ],
)
def test_values_that_do_not_fit_are_refused_at_start(
    context: Any,  # noqa: ANN401
    overrides: dict[str, object],
    words: str,
) -> None:
    with pytest.raises((ConfigError, rclpy.exceptions.InvalidParameterValueException)) as caught:
        _declared(context, **overrides)
    assert words in str(caught.value)


def test_changes_come_all_together_or_not_at_all(context: Any) -> None:  # noqa: ANN401
    node, parameters, changes = _declared(context)
    good, bad = Parameter("output.max_depth", value=30), Parameter("cloud.stride", value=0)
    assert not node.set_parameters_atomically([good, bad]).successful
    assert (parameters.config, changes) == (NodeConfig(), [])
    both = [good, Parameter("cloud.stride", value=2)]
    assert node.set_parameters_atomically(both).successful
    assert (parameters.config.output.max_depth, parameters.config.cloud.stride) == (30.0, 2)
    assert changes == [parameters.config]


def test_what_is_fixed_at_start_says_so(context: Any) -> None:  # noqa: ANN401
    node, parameters, _ = _declared(context)
    (result,) = node.set_parameters([Parameter("device", value="cuda")])
    assert "counts when the node starts" in result.reason
    (result,) = node.set_parameters([Parameter("model", value="nearest")])
    assert "~/load_model" in result.reason
    parameters.set_model("nearest", "")
    assert node.get_parameter("model").value == "nearest"
