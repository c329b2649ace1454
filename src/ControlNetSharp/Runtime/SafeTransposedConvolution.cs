using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Runtime;

/// <summary>
/// A two-dimensional transposed convolution with a square kernel, right on every machine as
/// <see cref="SafeConvolution"/> is.
/// </summary>
/// <remarks>Each side becomes (side - 1) · stride - 2 · padding + kernel + output padding.</remarks>
/// <param name="Stride">Step in pixels of the result, both ways.</param>
/// <param name="Padding">Pixels cut off on all four sides.</param>
/// <param name="OutputPadding">Pixels added right and below.</param>
internal sealed record SafeTransposedConvolution(long Stride, long Padding, long OutputPadding)
{
    /// <summary>Convolves in the dtype of x. The result is fresh, of the dispose scope.</summary>
    /// <param name="x">[B, inputs, h, w].</param>
    /// <param name="weight">[inputs, outputs, k, k].</param>
    /// <param name="bias">[outputs], or null for none.</param>
    /// <param name="padded">
    /// What keeps the weight padded from one call to the next; null where it is another at each call.
    /// </param>
    /// <exception cref="RuntimeUnavailableException">
    /// x is on the CPU, and this machine's convolutions are wrong.
    /// </exception>
    public Tensor Run(Tensor x, Tensor weight, Tensor? bias, PaddedWeight? padded = null)
    {
        using var scope = NewDisposeScope();
        if (!ConvolutionCheck.RequiresPadding(x))
        {
            return Native(x, weight.to(x.dtype), bias?.to(x.dtype)).MoveToOuterDisposeScope();
        }

        var missing = ChannelPadding.For(weight.shape[2], 1, weight.shape[0], weight.shape[1]);
        return missing
            .OfOutputs(
                Native(
                    missing.OfInputs(x),
                    missing.IsEmpty
                        ? weight.to(x.dtype)
                        : padded?.Of(weight, x.dtype, missing.OfTransposedWeight)
                            ?? missing.OfTransposedWeight(weight.to(x.dtype)),
                    bias is null ? null : missing.OfBias(bias.to(x.dtype))
                )
            )
            .MoveToOuterDisposeScope();
    }

#pragma warning disable RS0030 // The one place for it.
    private Tensor Native(Tensor x, Tensor weight, Tensor? bias) =>
        functional.conv_transpose2d(
            x,
            weight,
            bias,
            strides: [Stride, Stride],
            padding: [Padding, Padding],
            output_padding: [OutputPadding, OutputPadding]
        );
#pragma warning restore RS0030
}
