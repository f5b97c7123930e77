# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from depth_completion_core.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.files.input_files import read_depth, read_image
from depth_completion_core.files.output_files import write_depth_png, write_picture
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.infer import main
from depth_completion_core.metrics import depth_metrics
from depth_completion_core.models import build_model
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.fusionnet import FusionNet
from tests.core.checkpoints.released_checkpoints import SMALL, seeded_checkpoint

_SIZE = (24, 32)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three frames in folders, as VOID lays them out, with true depth and intrinsics."""
    random = np.random.default_rng(0)
    for name in ("0001", "0002", "0003"):
        image = random.integers(0, 255, (*_SIZE, 3), dtype=np.uint8)
        truth = random.uniform(0.5, 4.0, _SIZE).astype(np.float32)
        measured = random.random(_SIZE) < 0.1
        write_picture(tmp_path / "image" / f"{name}.png", image)
        for folder, valid in (("sparse_depth", measured), ("ground_truth", truth > 0)):
            write_depth_png(tmp_path / folder / f"{name}.png", truth, valid, depth_scale=256.0)
    np.savetxt(tmp_path / "K.txt", np.array([[30.0, 0, 15.5], [0, 30, 11.5], [0, 0, 1]]))
    return tmp_path


def _run(data: Path, *flags: str, out: str = "out") -> int:
    return main(
        [
            str(data / "image"),
            str(data / "sparse_depth"),
            *("--model", "nearest", "--device", "cpu", "--out", str(data / out)),
            *flags,
        ]
    )


def test_folders(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--intrinsics", str(data / "K.txt"), "--ground-truth", str(data / "ground_truth"))
    assert _run(data, *flags, "--save-inputs") == 0
    out = data / "out"
    produced = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    expected = {
        f"{folder}/{name}.{ending}"
        for name in ("0001", "0002", "0003")
        for folder, ending in (
            ("output_depth", "png"),
            ("output_depth", "npy"),
            ("preview", "png"),
            ("points", "ply"),
            ("image", "png"),
            ("sparse_depth", "png"),
            ("ground_truth", "png"),
        )
    }
    assert produced == expected | {"metrics.json", "run.json"}
    printed = capsys.readouterr().out
    assert "3 depth maps" in printed
    assert "MAE" in printed


def test_what_is_written_is_what_the_completer_says(data: Path) -> None:
    assert _run(data, "--ground-truth", str(data / "ground_truth"), "--protocol", "void") == 0
    report = json.loads((data / "out" / "metrics.json").read_text(encoding="utf-8"))
    completer = load_model("nearest", device="cpu")
    maes = []
    for name in ("0001", "0002", "0003"):
        sparse = read_depth(data / "sparse_depth" / f"{name}.png", depth_scale=256.0)
        truth = read_depth(data / "ground_truth" / f"{name}.png", depth_scale=256.0)
        image = np.zeros((*_SIZE, 3), dtype=np.uint8)
        prediction = completer.complete(Frame(image=image, camera=None, sparse=sparse))
        written = np.load(data / "out" / "output_depth" / f"{name}.npy")
        np.testing.assert_array_equal(written, prediction.depth)
        png = read_depth(data / "out" / "output_depth" / f"{name}.png", depth_scale=256.0)
        np.testing.assert_allclose(png.depth, prediction.depth, atol=0.51 / 256)
        maes.append(
            depth_metrics(prediction.depth, prediction.valid, truth.depth, truth.valid).mae_mm
        )
        assert report["frames"][name]["mae_mm"] == pytest.approx(maes[-1])
    assert report["mean"]["mae_mm"] == pytest.approx(np.mean(maes))
    assert report["std"]["mae_mm"] == pytest.approx(np.std(maes))
    assert not (data / "out" / "points").exists()


def test_depth_too_far_for_a_png_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sparse = np.full(_SIZE, 40, dtype=np.float32)
    sparse[:, :8] = 90
    np.save(data / "far.npy", sparse)
    arguments = [str(data / "image" / "0001.png"), str(data / "far.npy"), "--model", "nearest"]
    words = r"192 pixels (25 % of those with a depth) are 0 in the depth PNGs: they are more than"
    for scale in ("1000", "256"):
        assert main([*arguments, "--out", str(data / scale), "--depth-scale", scale]) == 0
        assert (f"{words} 65.535 m" in capsys.readouterr().out) == (scale == "1000")


def test_one_image_in_millimetres(data: Path) -> None:
    depth = np.zeros(_SIZE, dtype=np.float32)
    depth[5, 7] = 2.5
    write_depth_png(data / "one.png", depth, depth > 0, depth_scale=1000.0)
    arguments = [str(data / "image" / "0001.png"), str(data / "one.png"), "--model", "nearest"]
    assert main([*arguments, "--out", str(data / "mm"), "--depth-scale", "1000"]) == 0
    read = read_depth(data / "mm" / "output_depth" / "0001.png", depth_scale=1000.0)
    np.testing.assert_allclose(read.depth, 2.5)


def test_lists_with_a_matrix_for_each_image(data: Path) -> None:
    lines = {
        "images.txt": [f"image/{n}.png" for n in ("0002", "0001")],
        "depths.txt": [f"sparse_depth/{n}.png" for n in ("0002", "0001")],
        "matrices.txt": ["K2.npy", "K1.npy"],
    }
    for name, content in lines.items():
        (data / name).write_text("\n".join(content), encoding="utf-8")
    for name, focal in (("K1.npy", 20.0), ("K2.npy", 40.0)):
        np.save(data / name, np.array([[focal, 0, 15.5], [0, focal, 11.5], [0, 0, 1]]))
    arguments = [str(data / "images.txt"), str(data / "depths.txt"), "--model", "nearest"]
    flags = ["--intrinsics", str(data / "matrices.txt"), "--root", str(data)]
    assert main([*arguments, *flags, "--out", str(data / "out")]) == 0
    widths = []
    for name in ("0001", "0002"):
        body = (data / "out" / "points" / f"{name}.ply").read_bytes().partition(b"end_header\n")[2]
        points = np.frombuffer(body, dtype=[("xyz", "<f4", 3), ("rgb", "u1", 3)])["xyz"]
        widths.append(float(np.abs(points[:, 0] / points[:, 2]).max()))
    assert widths[0] == pytest.approx(15.5 / 20.0, rel=1e-5)
    assert widths[1] == pytest.approx(16.5 / 40.0, rel=0.1)


def test_same_names_over_several_drives_get_numbers(data: Path) -> None:
    drive = data / "drive2"
    for folder in ("image", "sparse_depth"):
        (drive / folder).mkdir(parents=True)
        shutil.copy(data / folder / "0002.png", drive / folder / "0001.png")
    for name, folder in (("images.txt", "image"), ("d.txt", "sparse_depth")):
        lines = f"{folder}/0001.png\ndrive2/{folder}/0001.png\n"
        (data / name).write_text(lines, encoding="utf-8")
    arguments = [str(data / "images.txt"), str(data / "d.txt"), "--model", "nearest"]
    assert main([*arguments, "--root", str(data), "--out", str(data / "out")]) == 0
    first, second = (np.load(data / "out" / "output_depth" / f"{n:010d}.npy") for n in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--model", "nearst"), "Did you mean 'nearest'"),
        (("--protocol", "viod"), "Did you mean 'void'"),
        (("--intrinsics", "nowhere.txt"), "nowhere.txt"),
        (("--ground-truth", "nowhere"), "there is no file or folder"),
        (("--device", "cuda:99"), "cannot be used"),
    ],
)
def test_errors_are_sentences(
    data: Path, flags: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(data, *flags) == 1
    assert words in capsys.readouterr().err


def test_sizes_that_differ_are_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = np.ones((10, 10), dtype=np.float32)
    write_depth_png(data / "sparse_depth" / "0002.png", wrong, wrong > 0, depth_scale=256.0)
    assert _run(data) == 3
    assert "problem: 1 frame failed, first 0002: sparse depth is" in capsys.readouterr().err
    written = sorted(path.name for path in (data / "out" / "output_depth").glob("*.npy"))
    assert written == ["0001.npy", "0003.npy"]


@pytest.mark.parametrize("folder", ["image", "sparse_depth", "ground_truth"])
def test_damaged_files_are_a_failed_frame_each(
    data: Path, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / folder / "0001.png").write_bytes(b"")
    whole = (data / folder / "0003.png").read_bytes()
    (data / folder / "0003.png").write_bytes(whole[:16] + b"\x7f\xff\xff\xff" + whole[20:])
    assert _run(data, "--ground-truth", str(data / "ground_truth")) == 3
    told = capsys.readouterr().err
    assert f"failed: 0001: {data / folder / '0001.png'} is an empty file" in told
    assert f"failed: 0003: {data / folder / '0003.png'} is" in told
    report = json.loads((data / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert list(report["frames"]) == ["0002"]


def test_a_setting_that_does_nothing_is_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(data, "--output.min-confidence", "0.5") == 0
    assert "output.min_confidence 0.5 does nothing" in capsys.readouterr().out


def test_nothing_completed_is_an_error(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (data / "sparse_depth").iterdir():
        path.write_bytes(b"PK\3\4")
    assert _run(data) == 1
    assert "none of 3 images could be completed" in capsys.readouterr().err


def test_names_with_other_zeros_are_paired_by_number(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(1, 4):
        measured = np.full(_SIZE, number, dtype=np.float32)
        write_depth_png(
            data / "unpadded" / f"d{number}.png", measured, measured > 0, depth_scale=256.0
        )
    (data / "sparse_depth").rename(data / "old")
    (data / "unpadded").rename(data / "sparse_depth")
    assert _run(data) == 0
    assert "paired by the numbers in the names: 0001.png with d1.png" in capsys.readouterr().err
    for number in range(1, 4):
        assert np.all(np.load(data / "out" / "output_depth" / f"000{number}.npy") == number)


def test_measurements_in_another_unit_than_the_truth_are_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = ("--ground-truth", str(data / "ground_truth"))
    assert _run(data, *truth, out="right") == 0
    assert "times as far" not in capsys.readouterr().err
    for path in (data / "sparse_depth").iterdir():
        depth = read_depth(path, depth_scale=256.0)
        write_depth_png(path, depth.depth, depth.valid, depth_scale=1000.0)
    assert _run(data, *truth, out="wrong") == 0
    words = "0001: the measurements are 3.9"
    assert capsys.readouterr().err.count(words) == 1


@pytest.mark.parametrize(
    "text", ["30,0,15.5\n0,30,11.5\n0,0,1", "[[30 0 15.5]\n[0 30 11.5]\n[0 0 1]]"]
)
def test_a_matrix_is_no_list_of_files(data: Path, text: str) -> None:
    (data / "K.txt").write_text(text, encoding="utf-8")
    assert _run(data, "--intrinsics", str(data / "K.txt")) == 0
    assert len(list((data / "out" / "points").iterdir())) == 3


@pytest.mark.parametrize("ending", [".exr", ".npz", ".tiff"])
def test_depth_of_another_kind_is_named(
    data: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (data / "sparse_depth").iterdir():
        path.rename(path.with_suffix(ending))
    (data / "out").write_text("a file", encoding="utf-8")
    assert _run(data, out="other") == 1
    assert f"holds no .png or .npy files, but 0001{ending}, 0002{ending}" in capsys.readouterr().err
    assert main([str(data / "image"), "--model", "nearest", "--out", str(data / "out")]) == 1
    assert "out is a file, and --out is to be a folder" in capsys.readouterr().err


def test_what_is_left_out_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(data / "image", data / "image" / "camera 2")
    (data / "image" / "readme").mkdir()
    for name in ("image/0004.tiff", "sparse_depth/0004.exr", "image/._0001.png", "image/K.txt"):
        (data / name).write_bytes(b"x")
    shutil.copy(data / "sparse_depth" / "0001.png", data / "sparse_depth" / "0009.png")
    (data / "image" / "folder.png").mkdir()
    assert _run(data) == 0
    told = capsys.readouterr()
    assert f"left out of {data / 'image'}: 0004.tiff, camera 2/; read are its .png" in told.err
    assert f"left out of {data / 'sparse_depth'}: 0004.exr; read" in told.err
    assert "depth: 1 of 4 files belong to no image: 0009.png" in told.err
    assert "3 depth maps" in told.out


def test_order_pairs_only_when_it_is_asked_to(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for old, new in (("0001", "a"), ("0002", "b"), ("0003", "c")):
        (data / "sparse_depth" / f"{old}.png").rename(data / "sparse_depth" / f"{new}.png")
    assert _run(data) == 1
    assert "belongs to 0001.png: they are paired by name" in capsys.readouterr().err
    assert _run(data, "--pair-by-order") == 0
    told = capsys.readouterr().err
    assert "depth: paired by order alone, as --pair-by-order says: 0001.png with a.png" in told


def test_lists_in_another_order_are_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lists = (("i.txt", "image", (1, 2, 3)), ("d.txt", "sparse_depth", (1, 3, 2)))
    for name, folder, order in lists:
        lines = [f"{folder}/000{number}.png" for number in order]
        (data / name).write_text("\n".join(["", *lines]), encoding="utf-8")
    arguments = [str(data / "i.txt"), str(data / "d.txt"), "--model", "nearest"]
    arguments += ["--root", str(data), "--out", str(data / "out")]
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert f"line 3 of {data / 'i.txt'} is {data / 'image' / '0002.png'}, but line 3 of" in told
    assert main([*arguments, "--pair-by-order"]) == 0


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("a.npy", np.full(_SIZE, 5000.0, np.float32), "5000 to 5000 m away. Is the unit right?"),
        ("a.npy", np.full(_SIZE, 5000, np.int32), "holds int32 numbers, expected metres"),
        ("a.npy", np.ones(_SIZE, np.bool_), "holds true and false, expected metres"),
        ("a.png", np.zeros(_SIZE, np.uint16), "no measurement in any file"),
        ("a.png", np.full(_SIZE, 30000, np.uint16), "more than 80 m away, which is implausible"),
        ("a.png", np.full(_SIZE, 5000, np.uint16), "19.53 m away (depth PNGs at 256 per metre)"),
    ],
)
def test_units_that_cannot_be_are_told(
    data: Path,
    name: str,
    numbers: npt.NDArray[Any],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = data / name
    if path.suffix == ".npy":
        np.save(path, numbers)
    else:
        assert cv2.imwrite(str(path), numbers)
    arguments = [str(data / "image" / "0001.png"), str(path), "--model", "nearest"]
    is_metric = name == "a.png" and bool(numbers.any())
    assert main([*arguments, "--out", str(data / "out")]) == (0 if is_metric else 1)
    printed = capsys.readouterr()
    assert words in printed.out + printed.err


def test_depth_without_measurements_gives_an_empty_map(data: Path) -> None:
    empty = np.zeros(_SIZE, dtype=np.float32)
    write_depth_png(data / "sparse_depth" / "0001.png", empty, empty > 0, depth_scale=256.0)
    assert _run(data, "--ground-truth", str(data / "ground_truth")) == 0
    report = json.loads((data / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert report["frames"]["0001"]["mae_mm"] is None
    assert report["frames"]["0001"]["coverage"] == 0.0
    assert report["mean"]["images_skipped"] == 1
    assert report["std"]["mae_mm"] > 0
    assert SparseDepth.from_depth(np.load(data / "out" / "output_depth" / "0001.npy")).count == 0


@pytest.mark.parametrize("network", ["scaffnet", "fusionnet"])
def test_networks_from_a_checkpoint(data: Path, network: str) -> None:
    weights = seeded_checkpoint(data / f"{network}.safetensors", network, settings=SMALL[network])
    assert _run(data, "--model", str(weights)) == 0
    completer = load_model(str(weights), device="cpu")
    frame = Frame(
        image=read_image(data / "image" / "0002.png"),
        camera=None,
        sparse=read_depth(data / "sparse_depth" / "0002.png", depth_scale=256.0),
    )
    written = np.load(data / "out" / "output_depth" / "0002.npy")
    np.testing.assert_allclose(written, completer.complete(frame).depth, rtol=1e-5)
    assert not (data / "out" / "confidence").exists()
    assert not (data / "out" / "input_depth").exists()


def test_fusionnets_scaffold_is_saved(data: Path) -> None:
    weights = seeded_checkpoint(
        data / "fusionnet.safetensors", "fusionnet", settings=SMALL["fusionnet"]
    )
    assert _run(data, "--model", str(weights), "--save-inputs") == 0
    fusionnet = load_checkpoint(weights).model
    assert isinstance(fusionnet, FusionNet)
    sparse = read_depth(data / "sparse_depth" / "0003.png", depth_scale=256.0)
    with torch.inference_mode():
        scaffold = fusionnet.scaffold(torch.from_numpy(sparse.depth)[None, None])[0, 0].numpy()
    saved = read_depth(data / "out" / "input_depth" / "0003.png", depth_scale=256.0)
    np.testing.assert_allclose(saved.depth, scaffold, atol=0.51 / 256)


def test_confidence_is_written_where_a_network_gives_one(data: Path) -> None:
    path = data / "uncertain.safetensors"
    model = build_model("scaffnet", {**SMALL["scaffnet"], "uncertainty": True})
    save_checkpoint(path, "scaffnet", model, provenance={"source": "random"})
    assert _run(data, "--model", str(path)) == 0
    confidence = np.load(data / "out" / "confidence" / "0001.npy")
    assert confidence.shape == _SIZE
    assert np.all((confidence > 0) & (confidence < 1))
    error = np.load(data / "out" / "output_uncertainty" / "0001.npy")
    np.testing.assert_allclose(confidence, 1 / (1 + error), rtol=1e-5)


def test_maps_stay_in_their_folder_whatever_their_names(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Traveller(CompletionModel):
        def forward(self, inputs: ModelInput) -> ModelOutput:
            return ModelOutput(
                depth=inputs.sparse_depth, maps={"../../escaped": inputs.sparse_depth}
            )

    monkeypatch.setattr(
        "depth_completion_core.file_completion.run.load_model",
        lambda *_, **__: DepthCompleter(Traveller()),
    )
    assert _run(data, "--save-maps") == 0
    (folder,) = (data / "out" / "maps").iterdir()
    assert len(list(folder.glob("*.npy"))) == 3
    assert list(data.rglob("*escaped")) == [folder]


def test_inputs_are_not_written_over(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--out is the folder of the data itself: its image/ and sparse_depth/ would be replaced."""
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert _run(data, "--save-inputs", out=".") == 1
    assert "where inputs lie; give another --out" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    assert _run(data, out=".") == 0  # without copies nothing of it is touched
    assert before.items() <= {p: p.read_bytes() for p in data.rglob("*") if p.is_file()}.items()


@pytest.mark.parametrize(
    ("name", "further"),
    [
        ("nlspn", {"guidance", "offset_px", "affinity", "confidence"}),
        ("cspn", {"guidance", "affinity"}),
    ],
)
def test_stages_lead_to_the_answer(data: Path, name: str, further: set[str]) -> None:
    torch.manual_seed(0)
    model = build_model(name, {"trunk": "resnet18", "propagation_steps": 2})
    save_checkpoint(data / "x.safetensors", name, model, provenance={})
    flags = ("--model", str(data / "x.safetensors"), "--output.min-depth", "0")
    assert _run(data, *flags, "--save-stages") == 0
    stages = data / "out" / "stages"
    steps = {"initial_depth", "step_01", "step_02"}
    assert {folder.name for folder in stages.iterdir()} == steps | further
    found = {folder.name: np.load(folder / "0002.npy") for folder in stages.iterdir()}
    depth = np.load(data / "out" / "output_depth" / "0002.npy")
    np.testing.assert_array_equal(np.maximum(found["step_02"], 0), depth)
    assert found["affinity"].shape == (8, *_SIZE)
    if name == "nlspn":
        assert found["offset_px"].shape == (16, *_SIZE)


def test_a_model_without_stages_says_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(data, "--save-stages") == 1
    assert "'nearest' has no stages; --save-stages is for" in capsys.readouterr().err
    assert not (data / "out").exists()
