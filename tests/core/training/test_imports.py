# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training asks for torch, numpy, safetensors, PyYAML and Fabric only; its command for tyro."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_OPTIONAL = "tensorboard,tyro,tqdm,matplotlib,scipy,h5py,rosbags,hypothesis,pytest,rich"

_HIDE = '''
import sys
from dataclasses import replace
from pathlib import Path

class Hiding:
    """A finder that does not find some modules: torch asks for some without importing them."""
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2].split(","):
            return None
        return self.finder.find_spec(name, path, target)

sys.meta_path = [Hiding(finder) for finder in sys.meta_path]
'''

_TINY = """
from depth_completion_core.training.loop.trainer import train
from tests.core.training.tiny import TinyScaffNet, in_folder
recipe = TinyScaffNet(epochs=2)
run = replace(in_folder(recipe.run, Path(sys.argv[1])), tensorboard=True, progress=True)
print(train(replace(recipe, run=run), "tiny")["finished"])
"""

_WORLD = """
from depth_completion_core.train import main
changes = {
    "preset": "cpu", "max_steps": 1, "batch_size": 2, "data.frames": 2, "data.width_px": 64,
    "data.height_px": 48, "validate.every_steps": 0, "run.out": sys.argv[1], "run.device": "cpu",
    "network.encoder_filters": "2,2,2,2,2", "network.decoder_filters": "2,2,2,2,2",
}
options = [text for key, value in changes.items() for text in (f"--{key}", str(value))]
sys.exit(main(["scaffnet_synthetic", *options]))
"""


def _run(script: str, folder: Path, hidden: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _HIDE + script, str(folder), hidden],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_trains_without_what_is_not_required(tmp_path: Path) -> None:
    """Without OpenCV, too, as neither reader nor augmentation asks for it here."""
    done = _run(_TINY, tmp_path, f"{_OPTIONAL},cv2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True"
    assert "training: 6 of 6 steps, " in done.stderr
    assert ", loss " in done.stderr
    assert not (tmp_path / "tensorboard").exists()


def test_the_drawn_world_is_trained_on_without_opencv(tmp_path: Path) -> None:
    done = _run(_WORLD, tmp_path, _OPTIONAL.replace("tyro,", "") + ",cv2")
    assert done.returncode == 0, done.stderr
    assert "finished: True" in done.stdout
    assert (tmp_path / "final.safetensors").is_file()


def test_without_fabric_it_says_what_to_install(tmp_path: Path) -> None:
    done = _run(_TINY, tmp_path, "lightning_fabric")
    assert "pip install 'lightning-fabric>=2.4'" in done.stderr
