# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What setup.cfg, package.xml and CHANGELOG.rst say twice is the same."""

from __future__ import annotations

import configparser
import re
import xml.etree.ElementTree as ET
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PYTHON_PACKAGES = ("depth_completion_core", "depth_completion_ros", "rosbag_tools")
_BASE_INSTALL = {"torch", "numpy", "opencv-python-headless", "pyyaml", "safetensors", "tyro"}


def _setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read_string((_ROOT / "setup.cfg").read_text(encoding="utf-8"))
    return setup


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]


def _package_text(tag: str) -> str:
    tree = ET.fromstring((_ROOT / "package.xml").read_text(encoding="utf-8"))  # noqa: S314
    return tree.findtext(tag, default="").strip()


def test_base_install_stays_small() -> None:
    names = [
        re.split(r"[^\w.-]", line)[0].lower()
        for line in _lines(_setup()["options"]["install_requires"])
    ]
    assert {"torch", "numpy"} <= set(names) <= _BASE_INSTALL
    assert len(names) == len(set(names))


def test_every_folder_with_python_is_installed() -> None:
    listed = _lines(_setup()["options"]["packages"])
    folders = {
        ".".join(path.parent.relative_to(_ROOT).parts)
        for package in _PYTHON_PACKAGES
        for path in (_ROOT / package).rglob("*.py")
    }
    assert sorted(listed) == sorted(folders)


def test_every_folder_with_python_says_that_it_is_a_package() -> None:
    """A namespace package hides from pkgutil, and so from the test of the layers."""
    for package in _PYTHON_PACKAGES:
        for path in (_ROOT / package).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), path.parent


def test_package_data_is_there() -> None:
    for package, names in _setup()["options.package_data"].items():
        folder = _ROOT.joinpath(*package.split("."))
        for name in _lines(names):
            assert list(folder.glob(name)), f"{package}: {name}"


def test_extras_refer_to_extras_that_exist() -> None:
    parser = configparser.RawConfigParser()
    parser.read_string((_ROOT / "setup.cfg").read_text(encoding="utf-8"))
    extras = parser["options.extras_require"]
    for text in extras.values():
        for name in re.findall(r"%\((\w+)\)s", text):
            assert name in extras


def test_name_version_and_licence_are_those_of_package_xml() -> None:
    metadata = _setup()["metadata"]
    assert _package_text("version") == metadata["version"]
    assert _package_text("name") == metadata["name"]
    assert _package_text("license") == metadata["license"]


def test_version_is_the_newest_of_the_changelog() -> None:
    text = (_ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")
    headings = re.findall(r"^(\d+\.\d+\.\d+)\b.*\n[-=~^]{3,}$", text, flags=re.MULTILINE)
    assert headings[0] == _setup()["metadata"]["version"]
