"""Times a sampling step in PyTorch and prints one JSON object, as `controlnet bench generate --json` does."""

import argparse
import json
import os
import platform
import time

import torch

import network


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=512, help="width and height in pixels")
    options.add_argument("--steps", type=int, default=1, help="steps that are measured")
    options.add_argument("--warm", type=int, default=1, help="steps before them that are not")
    options.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32")
    options.add_argument("--device", default="cpu")
    options.add_argument("--channels", type=int, default=320, help="320 is Stable Diffusion 1.5; less is a trial")
    options.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    dtype, shape = getattr(torch, chosen.dtype), network.Shape(channels=chosen.channels)
    with torch.no_grad():
        step = network.Step(shape).eval().to(device=chosen.device, dtype=dtype)
        if chosen.channels == 320:
            network.check(step)
        given = network.inputs(step, chosen.size, shape, chosen.device, dtype)
        seconds = [timed(step, given) for _ in range(chosen.warm + chosen.steps)][chosen.warm :]
    seconds.sort()
    print(
        json.dumps(
            {
                "version": torch.__version__,
                "python": platform.python_version(),
                "device": torch.cuda.get_device_name() if chosen.device.startswith("cuda") else "cpu",
                "dtype": chosen.dtype,
                "width": chosen.size,
                "fusedAttention": hasattr(torch.nn.functional, "scaled_dot_product_attention"),
                "secondsPerStep": (seconds[(len(seconds) - 1) // 2] + seconds[len(seconds) // 2]) / 2,
                "secondsPerStepMin": seconds[0],
                "secondsPerStepMax": seconds[-1],
            }
        )
    )


def timed(step, given):
    """Seconds to the end of a step: a sum is read, so that a device has finished."""
    start = time.perf_counter()
    total = step(*given).float().sum().item()
    seconds = time.perf_counter() - start
    if total != total:
        raise SystemExit("the step gave no number")
    return seconds


if __name__ == "__main__":
    main()
