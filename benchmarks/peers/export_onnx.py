"""Writes the step as an ONNX file with random weights, with inputs and what PyTorch computes of them beside it."""

import argparse
import os

import torch

import network

NAMES = ["latents", "timestep", "text", "hint"]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", help="5 GB are written into it at Stable Diffusion 1.5's sizes")
    options.add_argument("--size", type=int, default=512, help="width and height in pixels")
    options.add_argument("--channels", type=int, default=320, help="320 is Stable Diffusion 1.5; less is a trial")
    options.add_argument("--fused", action="store_true", help="ONNX Runtime's own operator of attention")
    chosen = options.parse_args()
    torch.set_num_threads(os.cpu_count())
    os.makedirs(chosen.folder, exist_ok=True)
    shape = network.Shape(channels=chosen.channels)
    torch.manual_seed(1)
    with torch.no_grad():
        step = network.Step(shape).eval()
        if chosen.channels == 320:
            network.check(step)
        given = network.inputs(step, chosen.size, shape)
        for name, tensor in zip([*NAMES, "expected"], [*given, step(*given)]):
            with open(os.path.join(chosen.folder, name + ".bin"), "wb") as file:
                file.write(tensor.contiguous().numpy().astype("<f4").tobytes())
        network.Attention.kind = "onnx" if chosen.fused else "plain"
        torch.onnx.export(
            step,
            given,
            os.path.join(chosen.folder, "step.onnx"),
            input_names=NAMES,
            output_names=["noise"],
            opset_version=16,
            custom_opsets={"com.microsoft": 1},
        )


if __name__ == "__main__":
    main()
