using ControlNetSharp.Annotators.Layers;

namespace ControlNetSharp.Annotators.NormalBae;

/// <summary>One block of an EfficientNet.</summary>
/// <param name="Inputs">Channels in.</param>
/// <param name="Inner">Channels inside.</param>
/// <param name="Outputs">Channels out.</param>
/// <param name="Kernel">Side of the kernel that sees neighbours.</param>
/// <param name="Stride">Pixels of the input for one of the output.</param>
/// <param name="Squeezed">Channels that weigh the others.</param>
/// <param name="Expands">Whether a convolution widens it first.</param>
internal sealed record EfficientBlockParams(
    int Inputs,
    int Inner,
    int Outputs,
    int Kernel,
    int Stride,
    int Squeezed,
    bool Expands
);

/// <summary>The shape of a NormalBAE network.</summary>
internal sealed record NormalBaeParams
{
    public const string Encoder = "encoder.original_model.";

    /// <summary>What the first block of each stage shrinks by, in all sizes of EfficientNet.</summary>
    private static readonly int[] Strides = [1, 2, 2, 2, 1, 2, 1];

    /// <summary>Channels of the first convolution.</summary>
    public required int Stem { get; init; }

    /// <summary>The blocks of each of the seven stages.</summary>
    public required IReadOnlyList<IReadOnlyList<EfficientBlockParams>> Stages { get; init; }

    /// <summary>Channels of the encoder's last convolution.</summary>
    public required int Head { get; init; }

    /// <summary>Channels of the decoder's levels, coarse to fine: at 1/32, 1/16, 1/8, 1/4 and 1/2.</summary>
    public required IReadOnlyList<int> Levels { get; init; }

    /// <summary>Channels inside of the convolutions that predict at the finer levels.</summary>
    public required int Prediction { get; init; }

    /// <summary>Reads the shape off the names and shapes of the weights.</summary>
    /// <exception cref="KeyNotFoundException">A name that every such file has is missing.</exception>
    public static NormalBaeParams Infer(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        var layers = new LayerShapes(shapes);
        return new()
        {
            Stem = layers.Outputs(Encoder + "conv_stem"),
            Stages =
            [
                .. Strides.Select(
                    (stride, stage) =>
                        (IReadOnlyList<EfficientBlockParams>)
                            [
                                .. Enumerable
                                    .Range(0, layers.Count(block => $"{Encoder}blocks.{stage}.{block}.conv_dw"))
                                    .Select(block =>
                                        Block($"{Encoder}blocks.{stage}.{block}.", block == 0 ? stride : 1)
                                    ),
                            ]
                ),
            ],
            Head = layers.Outputs(Encoder + "conv_head"),
            Levels =
            [
                layers.Outputs("decoder.conv2"),
                .. Enumerable.Range(1, 4).Select(level => layers.Outputs($"decoder.up{level}._net.0")),
            ],
            Prediction = layers.Outputs("decoder.out_conv_res1.0"),
        };

        EfficientBlockParams Block(string name, int stride)
        {
            // A block that does not widen has no third convolution, and its second one brings the channels out.
            var expands = layers.Has(name + "conv_pwl");
            var inner = layers.Outputs(name + "conv_dw");
            return new(
                expands ? shapes.SizeOf(name + "conv_pw.weight", 1) : inner,
                inner,
                layers.Outputs(name + (expands ? "conv_pwl" : "conv_pw")),
                shapes.SizeOf(name + "conv_dw.weight", 2),
                stride,
                layers.Outputs(name + "se.conv_reduce"),
                expands
            );
        }
    }
}
