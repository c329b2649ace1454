using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Runtime;

/// <summary>The channels of zeros that fill the inputs and outputs of a convolution up to whole blocks.</summary>
/// <param name="Parts">Groups whose channels are padded each for itself.</param>
/// <param name="Inputs">Zeros behind the inputs of each part.</param>
/// <param name="Outputs">Zeros behind the outputs of each part.</param>
/// <param name="Groups">Groups that are added, of one channel each.</param>
internal sealed record ChannelPadding(long Parts, long Inputs, long Outputs, long Groups)
{
    // In blocks of 16 the gradient of a strided convolution stays wrong.
    private const long Block = 32;

    /// <summary>What a convolution needs.</summary>
    /// <param name="kernel">Side of its kernel. Those of one tap are right without.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="inputs">Input channels of a group.</param>
    /// <param name="outputs">Output channels of a group.</param>
    public static ChannelPadding For(long kernel, long groups, long inputs, long outputs) =>
        kernel == 1 ? new ChannelPadding(groups, 0, 0, 0)
        // Blocks of a depthwise convolution are made of groups, those of others lie within a group.
        : groups > 1 && inputs == 1 && outputs == 1
            ? new ChannelPadding(1, Missing(groups), Missing(groups), Missing(groups))
        : new ChannelPadding(groups, Missing(inputs), Missing(outputs), 0);

    /// <summary>Whether all blocks are full already.</summary>
    public bool IsEmpty => Inputs + Outputs == 0;

    /// <summary>
    /// x [B, inputs, h, w] with zeros, row-major: where blocks are copied wrongly, pictures with channels last are,
    /// too.
    /// </summary>
    public Tensor OfInputs(Tensor x) => Pad(x.contiguous(), 1, Inputs);

    /// <summary>bias [outputs] with zeros.</summary>
    public Tensor OfBias(Tensor bias) => Pad(bias, 0, Outputs);

    /// <summary>weight [outputs, inputs of a group, k, k] with zeros.</summary>
    public Tensor OfWeight(Tensor weight) =>
        functional.pad(Pad(weight, 0, Outputs), [0, 0, 0, 0, 0, Groups > 0 ? 0 : Inputs]);

    /// <summary>weight [inputs, outputs, k, k] of a transposed convolution without groups, with zeros.</summary>
    public Tensor OfTransposedWeight(Tensor weight) => functional.pad(weight, [0, 0, 0, 0, 0, Outputs, 0, Inputs]);

    /// <summary>y [B, outputs, h, w] without the outputs that were added.</summary>
    public Tensor OfOutputs(Tensor y) =>
        Outputs == 0
            ? y
            : y.unflatten(1, Parts, -1).narrow(2, 0, y.shape[1] / Parts - Outputs).flatten(1, 2).contiguous();

    private Tensor Pad(Tensor x, int dimension, long missing)
    {
        if (missing == 0)
        {
            return x;
        }

        var split = x.unflatten(dimension, Parts, -1);
        var ends = new long[2 * (split.dim() - dimension - 1)];
        ends[^1] = missing;
        return functional.pad(split, ends).flatten(dimension, dimension + 1);
    }

    private static long Missing(long channels) => (Block - channels % Block) % Block;
}
