"""One runtime, measured in a process of its own: `python -m benchmarks.engine_contender NAME ...`.

Each takes the same photos as uint8 and gives uint8 cartoons; what lies between is timed. Prints
JSON. `eager` is PyTorch as tutorials write it: float32, the layout and the allocator as they come.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.allocator import keep_freed_memory

OURS = ("engine", "engine float32")
WARM_TIMES = 2
PEAK_SIDE = 2048
PEAK_TIMES = 8

# A contender is told (style, side_px, batch, device) and gives what renders its batch once.
Render = Callable[[], object]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--style", default="animegan2")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    if given.name in OURS:
        keep_freed_memory()
    import torch  # noqa: PLC0415 - the allocator must be told before torch allocates anything

    torch.set_num_threads(given.threads)
    figures: dict[str, Any] = {}
    if given.name == "peak":
        figures = _peaks(given.device)
    else:
        begun_s = time.perf_counter()
        render = _contender(given, figures)
        times = _timed(render, given.times)
        figures |= {"seconds": times, "ready_s": time.perf_counter() - begun_s - sum(times)}
    json.dump(figures, sys.stdout)


def _timed(render: Render, times: int) -> list[float]:
    for _ in range(WARM_TIMES):
        render()
    spans = []
    for _ in range(times):
        begun_s = time.perf_counter()
        render()
        spans.append(time.perf_counter() - begun_s)
    return spans


def _contender(given: argparse.Namespace, figures: dict[str, Any]) -> Render:
    from worker.engine.sample_photos import sample_photos  # noqa: PLC0415 - imports torch

    photos = sample_photos(given.batch, given.side, given.side)
    if given.name in OURS:
        return _engine(given, photos, figures)
    return {
        "eager": _eager,
        "torchscript": _torchscript,
        "onnxruntime": _onnxruntime,
        "openvino": _openvino,
        "openvino float32": _openvino,
    }[given.name](given, photos)


def _engine(given: argparse.Namespace, photos: list[Any], figures: dict[str, Any]) -> Render:
    """Our engine as a worker has it: the device, the precision it chose, one forward."""
    import torch  # noqa: PLC0415 - see main
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415 - see main

    from benchmarks.engine_styles import style_called  # noqa: PLC0415 - imports torch
    from worker.engine.calibration import calibrate  # noqa: PLC0415 - imports torch
    from worker.engine.model import Model  # noqa: PLC0415 - imports torch
    from worker.serving import open_device  # noqa: PLC0415 - imports torch

    device = open_device(torch.device(given.device), given.threads)
    if given.name == "engine float32":
        device.precisions = ()
    model = Model(style_called(given.style))
    calibrate(model, device, max_batch=given.batch)
    figures |= {"precision": model.precision.value, "most_pixels": model.most_pixels}
    with FlopCounterMode(display=False) as counter:
        model.run(photos[:1])
    figures["flop"] = counter.get_total_flops()
    return lambda: model.run(photos)


def _eager(given: argparse.Namespace, photos: list[Any]) -> Render:
    import torch  # noqa: PLC0415 - see main

    network = _plain_network(given.style).to(given.device)

    def render() -> object:
        with torch.no_grad():
            batch = torch.stack(photos).contiguous().to(given.device).float() / 127.5 - 1
            cartoons = network(batch)
            return ((cartoons + 1) * 127.5).clamp(0, 255).to(torch.uint8).cpu()

    return render


def _torchscript(given: argparse.Namespace, photos: list[Any]) -> Render:
    import warnings  # noqa: PLC0415 - for the tracer alone

    import torch  # noqa: PLC0415 - see main

    network = _plain_network(given.style).to(given.device)
    example = torch.stack(photos).to(given.device).float()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        script = torch.jit.freeze(_traced(network, example))

    def render() -> object:
        with torch.no_grad():
            batch = torch.stack(photos).contiguous().to(given.device).float() / 127.5 - 1
            return ((script(batch) + 1) * 127.5).clamp(0, 255).to(torch.uint8).cpu()

    return render


def _traced(network: Any, example: Any) -> Any:
    import torch  # noqa: PLC0415 - see main

    return torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]  # torch has no types for it


def _onnxruntime(given: argparse.Namespace, photos: list[Any]) -> Render:
    import numpy as np  # noqa: PLC0415 - comes with the runtime
    import onnxruntime  # noqa: PLC0415 - of this comparison alone

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    kind = "CUDAExecutionProvider" if given.device == "cuda" else "CPUExecutionProvider"
    if kind not in onnxruntime.get_available_providers():
        raise SystemExit(f"this ONNX Runtime has no {kind}")
    graph = _as_onnx(given, photos)
    session = onnxruntime.InferenceSession(graph, options, providers=[kind])
    levels = np.stack([photo.numpy() for photo in photos])

    def render() -> object:
        (cartoons,) = session.run(None, {"photos": levels.astype(np.float32) / 127.5 - 1})
        return ((cartoons + 1) * 127.5).clip(0, 255).astype(np.uint8)

    return render


def _openvino(given: argparse.Namespace, photos: list[Any]) -> Render:
    import numpy as np  # noqa: PLC0415 - comes with the runtime
    import openvino  # noqa: PLC0415 - of this comparison alone

    if given.device != "cpu":
        raise SystemExit("OpenVINO is compared on the CPU")
    core = openvino.Core()
    hints = {"INFERENCE_NUM_THREADS": str(given.threads), "PERFORMANCE_HINT": "LATENCY"}
    if given.name == "openvino float32":
        hints["INFERENCE_PRECISION_HINT"] = "f32"
    graph = core.read_model(io.BytesIO(_as_onnx(given, photos)))
    compiled = core.compile_model(graph, "CPU", hints)
    levels = np.stack([photo.numpy() for photo in photos])

    def render() -> object:
        cartoons = compiled(levels.astype(np.float32) / 127.5 - 1)[0]
        return ((cartoons + 1) * 127.5).clip(0, 255).astype(np.uint8)

    return render


def _plain_network(style: str) -> Any:
    from benchmarks.engine_styles import network_of, style_called  # noqa: PLC0415 - imports torch

    return network_of(style_called(style))


def _as_onnx(given: argparse.Namespace, photos: list[Any]) -> bytes:
    """The network as ONNX, for exactly these photos' shape."""
    import warnings  # noqa: PLC0415 - for the exporter alone

    import torch  # noqa: PLC0415 - see main

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "network.onnx"
        torch.onnx.export(
            _plain_network(given.style),
            (torch.stack(photos).float(),),
            path,
            dynamo=False,
            input_names=["photos"],
        )
        return path.read_bytes()


def _peaks(device: str) -> dict[str, float]:
    """Most FLOP/s of a matrix product that this machine was seen to reach, by precision."""
    import torch  # noqa: PLC0415 - see main

    peaks = {}
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        if dtype is torch.float16 and device == "cpu":
            continue
        a = torch.rand(PEAK_SIDE, PEAK_SIDE, device=device).to(dtype)
        spans = _timed(lambda a=a: (a @ a)[0, 0].item(), PEAK_TIMES)  # type: ignore[misc]  # bound at once
        peaks[str(dtype).removeprefix("torch.")] = 2 * PEAK_SIDE**3 / min(spans)
    return peaks


if __name__ == "__main__":
    main()
