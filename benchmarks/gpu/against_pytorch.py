"""Times the same sampling step in ControlNetSharp and PyTorch on one device, in turns, and prints a Markdown table."""

import argparse
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "peers"))

import run as peers  # noqa: E402 - of the other folder

TORCH = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--device", default="cuda:0", help="cuda:N or cpu")
    options.add_argument("--dtype", choices=TORCH, default="bf16")
    options.add_argument("--size", type=int, default=512, help="width and height in pixels, a multiple of 64")
    options.add_argument("--turns", type=int, default=5)
    options.add_argument("--steps", type=int, default=20, help="steps of a turn that are measured")
    options.add_argument("--warm", type=int, default=3, help="steps of PyTorch's turn before them")
    options.add_argument("--limit", type=float, help="exit with 1 where the ratio is above it")
    options.add_argument("--controlnet", default=peers.CONTROLNET)
    options.add_argument("--python", default="/usr/bin/python3", help="the one that has PyTorch")
    chosen = options.parse_args()
    same = ["--size", str(chosen.size), "--steps", str(chosen.steps), "--device", chosen.device]
    ours = ["bench", "generate", "--family", "sd15", "--control", "1", "--cfg", "7", "--dtype", chosen.dtype, "--json"]
    commands = {
        peers.OURS: [*chosen.controlnet.split(), *ours, *same],
        "PyTorch": [
            *[chosen.python, os.path.join(peers.HERE, "torch_step.py"), *same],
            *["--warm", str(chosen.warm), "--dtype", TORCH[chosen.dtype]],
        ],
    }
    runs = peers.taken_in_turns(commands, chosen.turns)
    # The middle of a turn's steps, since a device's own clock moves; then the least turn, as others may disturb one.
    least = {name: min(run["secondsPerStep"] for run in of) for name, of in runs.items()}
    torch = runs["PyTorch"][0]
    fused = "with" if torch["fusedAttention"] else "without"
    print(f"{torch['device']}, {chosen.dtype}, {chosen.size} x {chosen.size}, PyTorch {torch['version']} {fused} SDPA\n")
    print("| | least of the turns' middles, s a step | middle | most |\n| --- | --- | --- | --- |")
    for name, of in runs.items():
        middles = [run["secondsPerStep"] for run in of]
        print(f"| {name} | {least[name]:.4f} | {statistics.median(middles):.4f} | {max(middles):.4f} |")
    ratio = least[peers.OURS] / least["PyTorch"]
    print(f"\n{peers.OURS} takes {ratio:.3f} of PyTorch's time.")
    if chosen.limit and ratio > chosen.limit:
        sys.exit(f"above {chosen.limit}")


if __name__ == "__main__":
    main()
