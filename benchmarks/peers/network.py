"""UNet and ControlNet of Stable Diffusion 1.5 in plain torch.nn, with random weights: what PyTorch is timed with.

Shapes and layers are those of the published networks, so that the work is the same; names of weights are not, since no
file is ever read. It runs with PyTorch 1.13 and newer.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

# Weights of the two networks as published; `check` compares.
UNET_PARAMETERS = 859_520_964
CONTROLNET_PARAMETERS = 361_279_120


@dataclass(frozen=True)
class Shape:
    """What decides the sizes of the layers; the defaults are Stable Diffusion 1.5's."""

    channels: int = 320
    multipliers: tuple = (1, 2, 4, 4)
    attention: tuple = (True, True, True, False)
    blocks: int = 2
    heads: int = 8
    context: int = 768


class FusedAttention(torch.autograd.Function):
    """ONNX Runtime's own operator of attention, for exported graphs; what it gives here has the right shape only."""

    @staticmethod
    def forward(ctx, q, k, v, heads):
        return q.clone()

    @staticmethod
    def symbolic(g, q, k, v, heads):
        out = g.op("com.microsoft::MultiHeadAttention", q, k, v, num_heads_i=heads)
        out.setType(q.type())
        return out


class Attention(nn.Module):
    # "auto": PyTorch's fused attention where this version has it; "plain": two products and a softmax; "onnx": above.
    kind = "auto"

    def __init__(self, width, context, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(context, width, bias=False)
        self.value = nn.Linear(context, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x, context):
        q, k, v = self.query(x), self.key(context), self.value(context)
        if Attention.kind == "onnx":
            return self.out(FusedAttention.apply(q, k, v, self.heads))
        q, k, v = (t.reshape(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2) for t in (q, k, v))
        if Attention.kind == "auto" and hasattr(F, "scaled_dot_product_attention"):
            a = F.scaled_dot_product_attention(q, k, v)
        else:
            a = torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(2, 3), -1) @ v
        return self.out(a.transpose(1, 2).reshape(x.shape))


class Transformer(nn.Module):
    """1x1 convolutions around one block of self-attention, cross-attention and gated feed-forward."""

    def __init__(self, width, s):
        super().__init__()
        self.norm = nn.GroupNorm(32, width, eps=1e-6)
        self.inward = nn.Conv2d(width, width, 1)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.self_attention = Attention(width, width, s.heads)
        self.cross_attention = Attention(width, s.context, s.heads)
        self.gated = nn.Linear(width, 8 * width)
        self.down = nn.Linear(4 * width, width)
        self.outward = nn.Conv2d(width, width, 1)

    def forward(self, x, context):
        b, c, h, w = x.shape
        t = self.inward(self.norm(x)).flatten(2).transpose(1, 2)
        n = self.norms[0](t)
        t = t + self.self_attention(n, n)
        t = t + self.cross_attention(self.norms[1](t), context)
        value, gate = self.gated(self.norms[2](t)).chunk(2, -1)
        t = t + self.down(value * F.gelu(gate))
        return x + self.outward(t.transpose(1, 2).reshape(b, c, h, w))


class Residual(nn.Module):
    """Two convolutions; the embedded time is added between them."""

    def __init__(self, inputs, outputs, s):
        super().__init__()
        self.norm1 = nn.GroupNorm(32, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time = nn.Linear(4 * s.channels, outputs)
        self.norm2 = nn.GroupNorm(32, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, time):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(F.silu(time))[:, :, None, None]
        return self.skip(x) + self.conv2(F.silu(self.norm2(h)))


class Block(nn.Module):
    """A residual block, a transformer where the level has one, and a change of size where it ends the level."""

    def __init__(self, inputs, outputs, attends, up, s):
        super().__init__()
        self.residual = Residual(inputs, outputs, s)
        self.transformer = Transformer(outputs, s) if attends else None
        self.up = nn.Conv2d(outputs, outputs, 3, padding=1) if up else None

    def forward(self, x, time, context):
        x = self.residual(x, time)
        x = x if self.transformer is None else self.transformer(x, context)
        return x if self.up is None else self.up(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Down(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, x, time, context):
        return self.conv(x)


class Middle(nn.Module):
    def __init__(self, width, s):
        super().__init__()
        self.first = Residual(width, width, s)
        self.transformer = Transformer(width, s)
        self.second = Residual(width, width, s)

    def forward(self, x, time, context):
        return self.second(self.transformer(self.first(x, time), context), time)


class Time(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.width = s.channels
        self.first = nn.Linear(s.channels, 4 * s.channels)
        self.second = nn.Linear(4 * s.channels, 4 * s.channels)

    def forward(self, t):
        half = self.width // 2
        rates = torch.exp(torch.arange(half, device=t.device, dtype=torch.float32) * (-math.log(10000) / half))
        angles = t.float()[:, None] * rates
        waves = torch.cat([torch.cos(angles), torch.sin(angles)], -1).to(self.first.weight.dtype)
        return self.second(F.silu(self.first(waves)))


def encoder(s):
    """The blocks after the first convolution, and the width of each output, the first convolution's with them."""
    blocks, widths, width = [], [s.channels], s.channels
    for level, multiplier in enumerate(s.multipliers):
        for _ in range(s.blocks):
            blocks.append(Block(width, multiplier * s.channels, s.attention[level], False, s))
            width = multiplier * s.channels
            widths.append(width)
        if level + 1 < len(s.multipliers):
            blocks.append(Down(width))
            widths.append(width)
    return nn.ModuleList(blocks), widths


class UNet(nn.Module):
    def __init__(self, s=Shape()):
        super().__init__()
        self.time = Time(s)
        self.first = nn.Conv2d(4, s.channels, 3, padding=1)
        self.encoder, widths = encoder(s)
        width = widths[-1]
        self.middle = Middle(width, s)
        decoder = []
        for level in reversed(range(len(s.multipliers))):
            for i in range(s.blocks + 1):
                up = level > 0 and i == s.blocks
                outputs = s.multipliers[level] * s.channels
                decoder.append(Block(width + widths.pop(), outputs, s.attention[level], up, s))
                width = outputs
        self.decoder = nn.ModuleList(decoder)
        self.norm = nn.GroupNorm(32, width)
        self.last = nn.Conv2d(width, 4, 3, padding=1)

    def forward(self, x, t, context, control):
        time = self.time(t)
        h = self.first(x)
        outputs = [h]
        for block in self.encoder:
            h = block(h, time, context)
            outputs.append(h)
        control = list(control)
        h = self.middle(h, time, context) + control.pop()
        for block in self.decoder:
            h = block(torch.cat([h, outputs.pop() + control.pop()], 1), time, context)
        return self.last(F.silu(self.norm(h)))


class Hint(nn.Module):
    """The small encoder of the hint: it runs once a picture, not once a step."""

    def __init__(self, s):
        super().__init__()
        layers = []
        steps = [(3, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 96, 2), (96, 96, 1), (96, 256, 2)]
        for inputs, outputs, stride in steps:
            layers += [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.SiLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(256, s.channels, 3, padding=1))

    def forward(self, picture):
        return self.layers(picture)


class ControlNet(nn.Module):
    def __init__(self, s=Shape()):
        super().__init__()
        self.time = Time(s)
        self.hint = Hint(s)
        self.first = nn.Conv2d(4, s.channels, 3, padding=1)
        self.encoder, widths = encoder(s)
        self.middle = Middle(widths[-1], s)
        self.zeros = nn.ModuleList(nn.Conv2d(width, width, 1) for width in widths + widths[-1:])

    def forward(self, x, t, context, hint):
        time = self.time(t)
        h = self.first(x) + hint
        outputs = [self.zeros[0](h)]
        for block, zero in zip(self.encoder, self.zeros[1:]):
            h = block(h, time, context)
            outputs.append(zero(h))
        return outputs + [self.zeros[-1](self.middle(h, time, context))]


class Step(nn.Module):
    """What one sampling step computes: ControlNet, UNet, and guidance between the two halves of the batch."""

    def __init__(self, s=Shape(), guidance=7.0):
        super().__init__()
        self.unet = UNet(s)
        self.control = ControlNet(s)
        self.guidance = guidance

    def forward(self, x, t, context, hint):
        x, t = torch.cat([x, x]), torch.cat([t, t])
        without, with_text = self.unet(x, t, context, self.control(x, t, context, hint)).chunk(2)
        return without + self.guidance * (with_text - without)


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def check(step):
    """Fails where the networks are not of the published size."""
    found = parameters(step.unet), parameters(step.control)
    if found != (UNET_PARAMETERS, CONTROLNET_PARAMETERS):
        raise SystemExit(f"UNet and ControlNet have {found}, not {(UNET_PARAMETERS, CONTROLNET_PARAMETERS)} weights")


def inputs(step, size, s=Shape(), device="cpu", dtype=torch.float32):
    """Latents, timestep, text of both sides, and the encoded hint, for a picture of size x size."""
    torch.manual_seed(0)
    side = size // 8
    x = torch.randn(1, 4, side, side, device=device, dtype=dtype)
    context = torch.randn(2, 77, s.context, device=device, dtype=dtype)
    hint = step.control.hint(torch.rand(1, 3, size, size, device=device, dtype=dtype))
    return x, torch.full([1], 500.0, device=device), context, hint
