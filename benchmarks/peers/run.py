"""Times the same sampling step in ControlNetSharp, PyTorch and ONNX Runtime, in turns, and prints a Markdown table.

Each turn starts each of them anew, one after the other, in an order that moves on by one: each makes its networks, runs
one step that does not count, and then those that do.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILT = "bin/Release/net10.0"
OURS = "ControlNetSharp"
CONTROLNET = f"dotnet {ROOT}/src/ControlNetSharp.Cli/{BUILT}/controlnet.dll"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=512, help="width and height in pixels, a multiple of 64")
    options.add_argument("--turns", type=int, default=5)
    options.add_argument("--steps", type=int, default=1, help="steps of a turn that are measured")
    options.add_argument("--only", nargs="*", help="words of which a peer's name has one; default all")
    options.add_argument("--folder", help="for the ONNX files, two of 5 GB; kept. Default: a temporary one, removed")
    options.add_argument("--controlnet", default=CONTROLNET)
    options.add_argument("--python", default="/usr/bin/python3", help="the one that has PyTorch")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        commands = peers(chosen, os.path.abspath(chosen.folder or temporary))
        runs = taken_in_turns(commands, chosen.turns)
    print(table(runs))


def taken_in_turns(commands, turns):
    """What each command tells of each turn; the order moves on by one from turn to turn."""
    runs = {name: [] for name in commands}
    names = list(commands)
    for turn in range(turns):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            runs[name].append(measured(commands[name]))
            tell(f"turn {turn + 1} of {turns}, {name}: {runs[name][-1]['secondsPerStepMin']:.3f} s")
    return runs


def peers(chosen, folder):
    """The command of each, which prints a JSON object; what it needs is made first."""
    size, steps = ["--size", str(chosen.size)], ["--steps", str(chosen.steps)]
    ours = [*chosen.controlnet.split(), "bench", "generate", "--family", "sd15", "--control", "1", "--cfg", "7"]
    torch = [chosen.python, f"{HERE}/torch_step.py", *size, *steps]
    ort = ["dotnet", f"{HERE}/OnnxRuntimeStep/{BUILT}/onnx-runtime-step.dll"]
    plain, fused = os.path.join(folder, "plain"), os.path.join(folder, "fused")
    commands = {
        f"{OURS}, bf16": [*ours, *size, *steps, "--json"],
        f"{OURS}, fp32": [*ours, *size, *steps, "--dtype", "fp32", "--json"],
        "PyTorch, bf16": [*torch, "--dtype", "bfloat16"],
        "PyTorch, fp32": [*torch, "--dtype", "float32"],
        "ONNX Runtime, fp32": [*ort, plain, str(chosen.steps)],
        "ONNX Runtime, its own attention, fp32": [*ort, fused, str(chosen.steps)],
    }
    if chosen.only:
        commands = {name: c for name, c in commands.items() if OURS in name or any(w in name for w in chosen.only)}
    for made, more in [(plain, []), (fused, ["--fused"])]:
        if any(made in command for command in commands.values()) and not os.path.exists(f"{made}/step.onnx"):
            tell(f"writing {made}")
            called([chosen.python, f"{HERE}/export_onnx.py", made, *size, *more])
    return commands


def measured(command):
    return json.loads(called(command))


def called(command):
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def environment():
    """Debian 12's OpenBLAS takes processors newer than itself for ones without AVX, and PyTorch's fp32 is then slow."""
    told = dict(os.environ)
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        if "avx512bw" in file.read():
            told.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    return told


def table(runs):
    """Rows of least, middle and most, and the least over our own least: below 1 it is faster than we are."""
    least = {name: min(run["secondsPerStepMin"] for run in of) for name, of in runs.items()}
    ours = [name for name in runs if name.startswith(OURS)]
    lines = [
        "| | version | least s a step | middle | most | " + " | ".join(f"over {name}" for name in ours) + " |",
        "| --- | --- | --- | --- | --- |" + " --- |" * len(ours),
    ]
    for name, of in runs.items():
        middle = statistics.median(run["secondsPerStep"] for run in of)
        most = max(run["secondsPerStepMax"] for run in of)
        ratios = " | ".join(f"{least[name] / least[own]:.2f}" for own in ours)
        version = of[0].get("version", "this one")
        lines.append(f"| {name} | {version} | {least[name]:.2f} | {middle:.2f} | {most:.2f} | {ratios} |")
    return "\n".join(lines)


def tell(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
