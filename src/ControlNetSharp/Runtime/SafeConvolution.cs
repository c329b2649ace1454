using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Runtime;

/// <summary>
/// A two-dimensional convolution with a square kernel, right on every machine (<see cref="ConvolutionCheck"/>). The
/// analyzers of this repository ban those of libtorch elsewhere.
/// </summary>
/// <param name="Stride">Step in pixels, both ways.</param>
/// <param name="Padding">Zeros on all four sides.</param>
/// <param name="Dilation">Distance of the taps in pixels, both ways.</param>
/// <param name="Groups">Parts of the channels that do not see each other.</param>
internal sealed record SafeConvolution(long Stride, long Padding, long Dilation = 1, long Groups = 1)
{
    /// <summary>Convolves in the dtype of x. The result is fresh, of the dispose scope.</summary>
    /// <param name="x">[B, inputs, h, w].</param>
    /// <param name="weight">[outputs, inputs / groups, k, k].</param>
    /// <param name="bias">[outputs], or null for none.</param>
    /// <param name="padded">
    /// What keeps the weight padded from one call to the next; null where it is another at each call.
    /// </param>
    /// <exception cref="RuntimeUnavailableException">
    /// x is on the CPU, and this machine's convolutions are wrong.
    /// </exception>
    public Tensor Run(Tensor x, Tensor weight, Tensor? bias, PaddedWeight? padded = null) =>
        Run(x, weight, bias, ConvolutionCheck.RequiresPadding(x), padded);

    /// <summary>
    /// The same, as <see cref="ConvolutionCheck"/> tries it: <paramref name="pads"/> says whether channels are made to
    /// fill whole blocks.
    /// </summary>
    internal Tensor Run(Tensor x, Tensor weight, Tensor? bias, bool pads, PaddedWeight? padded = null)
    {
        using var scope = NewDisposeScope();
        if (!pads)
        {
            return Native(x, weight.to(x.dtype), bias?.to(x.dtype), Groups).MoveToOuterDisposeScope();
        }

        var missing = ChannelPadding.For(weight.shape[2], Groups, weight.shape[1], weight.shape[0] / Groups);
        return missing
            .OfOutputs(
                Native(
                    missing.OfInputs(x),
                    missing.IsEmpty
                        ? weight.to(x.dtype)
                        : padded?.Of(weight, x.dtype, missing.OfWeight) ?? missing.OfWeight(weight.to(x.dtype)),
                    bias is null ? null : missing.OfBias(bias.to(x.dtype)),
                    Groups + missing.Groups
                )
            )
            .MoveToOuterDisposeScope();
    }

#pragma warning disable RS0030 // The one place for it.
    private Tensor Native(Tensor x, Tensor weight, Tensor? bias, long groups) =>
        functional.conv2d(x, weight, bias, [Stride, Stride], [Padding, Padding], [Dilation, Dilation], groups);
#pragma warning restore RS0030
}
