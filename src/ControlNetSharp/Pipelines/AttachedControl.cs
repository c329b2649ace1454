using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A ControlNet with its hint, ready for sampling.</summary>
/// <param name="ControlNet">The network. Borrowed.</param>
/// <param name="EncodedHint">[1 or B, ModelChannels, h, w] from <see cref="Networks.ControlNet.EncodeHint"/>, in the compute dtype. Borrowed.</param>
/// <param name="Strength">How strongly and when it acts.</param>
public sealed record AttachedControl(ControlNet ControlNet, Tensor EncodedHint, ControlStrength Strength);
