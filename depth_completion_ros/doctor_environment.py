# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is installed, and whether it fits together; needs no ROS itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from depth_completion_core.completer import load_model
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_ros.node_config import NodeConfig

# In a process of its own: a wrong ABI does not raise, it aborts.
_TRY_CV_BRIDGE = """
import numpy
from cv_bridge import CvBridge
image = numpy.zeros((2, 2, 3), numpy.uint8)
bridge = CvBridge()
bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(image, "rgb8"), "bgr8")
"""
_TIMEOUT_S = 60
_RECEIVE_BUFFER_FILE = Path("/proc/sys/net/core/rmem_max")
_ENOUGH_BYTES = 8 * 2**20  # an image and a cloud


def check_environment(config: NodeConfig) -> Iterator[Finding]:
    """Python, NumPy, cv_bridge, torch, the model with its weights, and socket buffers."""
    yield Finding(
        severity="ok",
        subject="Python",
        found=f"{sys.version.split()[0]} at {sys.executable}, NumPy {np.__version__}",
    )
    yield _check_cv_bridge()
    yield _check_torch(config)
    yield _check_model(config)
    if _RECEIVE_BUFFER_FILE.is_file():
        yield _check_receive_buffer(int(_RECEIVE_BUFFER_FILE.read_text(encoding="ascii")))


def _check_cv_bridge() -> Finding:
    tried = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _TRY_CV_BRIDGE],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if tried.returncode == 0:
        return Finding(severity="ok", subject="cv_bridge", found="works with this NumPy")
    last = (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]
    if "No module named 'cv_bridge'" in last:
        return Finding(severity="ok", subject="cv_bridge", found="not installed, and not needed")
    return Finding(
        severity="warning",
        subject="cv_bridge",
        found=f"fails with NumPy {np.__version__}: {last}",
        remedy="this package does without it, others do not: pip install 'numpy<2' "
        "'opencv-python-headless<4.12' in the venv (constraints/jazzy.txt)",
    )


def _check_torch(config: NodeConfig) -> Finding:
    has_cuda = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if has_cuda else "no GPU that torch can use"
    found = f"{torch.__version__}, {name}"
    if config.device.startswith("cuda") and not has_cuda:
        return Finding(
            severity="error",
            subject="torch",
            found=f"{found}, but device is '{config.device}'",
            remedy="install a torch built for CUDA that fits nvidia-smi's driver, or set "
            "device:=auto",
        )
    return Finding(severity="ok", subject="torch", found=found)


def _check_model(config: NodeConfig) -> Finding:
    source = config.weights or config.model
    try:
        completer = load_model(source, device=config.device)
    except (ValueError, ImportError, OSError) as error:
        return Finding(
            severity="error",
            subject="model",
            found=str(error),
            remedy="set weights:=FILE.safetensors, or a model that needs none: model:=consensus",
        )
    return Finding(severity="ok", subject="model", found=f"'{source}' loads on {completer.device}")


def _check_receive_buffer(largest_bytes: int) -> Finding:
    """What the kernel lets a socket keep while its reader is busy."""
    found = f"net.core.rmem_max is {largest_bytes / 2**20:.1f} MiB"
    if largest_bytes >= _ENOUGH_BYTES:
        return Finding(severity="ok", subject="socket buffers", found=found)
    return Finding(
        severity="warning",
        subject="socket buffers",
        found=f"{found}, less than an image and a cloud: messages get lost or come in bursts",
        remedy="sudo sysctl -w net.core.rmem_max=67108864, and tell the middleware to use it "
        "(docs/tuning.md, large messages)",
    )
