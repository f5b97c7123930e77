# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A completion node in a process of its own, and the peer in the test's that talks to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rosbag_tools.known_types import known_types
from tests.bags.bag_factory import Entry

rclpy: Any = pytest.importorskip("rclpy", reason="ROS 2 is not sourced")
pytest.importorskip("depth_completion_ros.msg", reason="the package is not built and sourced")

from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from rcl_interfaces.srv import SetParametersAtomically  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from rosidl_runtime_py.utilities import get_message  # noqa: E402

_ROOT = Path(__file__).resolve().parents[2]
NODE = "completion_node"
_TYPES = known_types()
TIMEOUT_S = 30.0
DOMAIN_ID = 100 + os.getpid() % 100  # tests that run at the same time must not hear each other


class NodeProcess:
    """The process of a node.

    Attributes:
        process: the process.
        log_path: what it wrote to stdout and stderr.
    """

    def __init__(
        self,
        log_path: Path,
        parameters: dict[str, object],
        arguments: Sequence[str],
        module: str,
    ) -> None:
        given = [word for key, value in parameters.items() for word in ("-p", f"{key}:={value}")]
        command = [sys.executable, "-m", module, "--ros-args"]
        self.log_path = log_path
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *given, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)},
                cwd=_ROOT,  # where the tests and their modules are
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def resident_mib(self) -> float:
        """Resident memory."""
        statm = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=TIMEOUT_S)


def serialized(entry: Entry) -> bytes:
    """A message of a bag, as it travels."""
    return bytes(_TYPES.serialize_cdr(entry.message, entry.msgtype))


class Peer:
    """Publishes what a bag holds, and collects what comes back.

    Attributes:
        node: of rclpy.
        clients: of the services that were called, by their names.
    """

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN_ID)
        self.node = rclpy.create_node("peer", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._publishers: dict[str, Any] = {}
        self.clients: dict[str, Any] = {}

    def close(self) -> None:
        """End the node."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)

    def publish(self, *entries: Entry) -> None:
        """Publish the messages of a bag as they are, once somebody listens."""
        for entry in entries:
            self.advertise(entry)
            self._publishers[entry.topic].publish(serialized(entry))

    def collect(self, topic: str, msgtype: str) -> list[Any]:
        """A list that grows with the messages of a topic."""
        received: list[Any] = []
        self.node.create_subscription(get_message(msgtype), topic, received.append, 10)
        self.spin_until(lambda: self.node.count_publishers(topic) > 0, f"a publisher of {topic}")
        return received

    def spin_until(
        self, condition: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Spin; fails the test where the condition does not come true."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"waited {timeout_s:g} s in vain for {what}"
            self._executor.spin_once(timeout_sec=0.05)

    def spin_for(self, seconds: float) -> None:
        """Spin for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.05)

    def call(self, service: str, kind: type[Any], request: Any) -> Any:  # noqa: ANN401
        """Call a service and wait for its answer."""
        if service not in self.clients:
            self.clients[service] = self.node.create_client(kind, service)
        client = self.clients[service]
        self.spin_until(client.service_is_ready, service)
        future = client.call_async(request)
        self.spin_until(future.done, f"the answer of {service}")
        return future.result()

    def state(self) -> str:
        """The state of the node's life."""
        answer = self.call(f"/{NODE}/get_state", GetState, GetState.Request())
        return str(answer.current_state.label)

    def change_state(self, transition: str) -> bool:
        """Ask for a transition such as configure."""
        request = ChangeState.Request()
        request.transition.label = transition
        return bool(self.call(f"/{NODE}/change_state", ChangeState, request).success)

    def settle(self) -> None:
        """Until the node has taken what was published: it answers after the messages before."""
        for _ in range(2):
            self.state()

    def set_parameters(self, values: Mapping[str, object]) -> None:
        """Set parameters of the node, all of them or none; fails the test where it refuses."""
        parameters = [Parameter(name, value=_plain(value)) for name, value in values.items()]
        request = SetParametersAtomically.Request(
            parameters=[parameter.to_parameter_msg() for parameter in parameters]
        )
        service = f"/{NODE}/set_parameters_atomically"
        answer = self.call(service, SetParametersAtomically, request)
        assert answer.result.successful, answer.result.reason

    def reconnect(self) -> None:
        """Wait until all topics have a listener again."""
        for topic, publisher in self._publishers.items():
            self._wait_for_listener(topic, publisher)

    def wait_for_node(self) -> None:
        """Until the node is active and listens to images."""
        self.spin_until(
            lambda: self.node.count_subscribers("/camera/image_raw") > 0, "an active node"
        )

    def advertise(self, entry: Entry) -> None:
        """Wait until somebody listens to the topic of a message."""
        if entry.topic not in self._publishers:
            qos = QoSProfile(depth=50)
            if entry.latched:
                qos.durability = DurabilityPolicy.TRANSIENT_LOCAL
            publisher = self.node.create_publisher(get_message(entry.msgtype), entry.topic, qos)
            self._publishers[entry.topic] = publisher
            self._wait_for_listener(entry.topic, publisher)

    def _wait_for_listener(self, topic: str, publisher: Any) -> None:  # noqa: ANN401
        self.spin_until(lambda: publisher.get_subscription_count() > 0, f"a listener of {topic}")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


REMAPPINGS = (
    ("image", "/camera/image_raw"),
    ("camera_info", "/camera/camera_info"),
    ("points", "/lidar/points"),
)
_RELIABLE = ("/camera/image_raw", "/lidar/points", "/camera/camera_info")


@contextmanager
def live_node(
    folder: Path,
    *,
    remap: Sequence[tuple[str, str]] = REMAPPINGS,
    module: str = "depth_completion_ros.completion_node",
    overrides: bool = True,
    **parameters: object,
) -> Iterator[NodeProcess]:
    """A node with the topics of the bag factory; killed at the end where it still lives."""
    # No message may be lost on its way, or the counts that are asserted would be luck.
    topics = _RELIABLE if overrides else ()
    reliable = {f"qos_overrides.{t}.subscription.reliability": "reliable" for t in topics}
    depth = {f"qos_overrides.{t}.subscription.depth": 50 for t in topics}
    arguments = [word for source, target in remap for word in ("-r", f"{source}:={target}")]
    settings: dict[str, object] = {"warmup_size_px": "[64,48]", **reliable, **depth, **parameters}
    node = NodeProcess(folder / "node.log", settings, arguments, module)
    try:
        yield node
    except BaseException:
        if node.process.poll() is None:
            node.process.send_signal(signal.SIGUSR1)  # where its threads are
            time.sleep(0.5)
        print(node.log)
        raise
    finally:
        if node.process.poll() is None:
            node.process.kill()
            node.process.wait()


@contextmanager
def peer() -> Iterator[Peer]:
    """A peer that is closed at the end."""
    talking = Peer()
    try:
        yield talking
    finally:
        talking.close()
