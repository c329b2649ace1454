using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.SegFormer;

/// <summary>
/// Areas in the colours of ADE20K by SegFormer, from the files for transformers. Source: transformers 4.42,
/// SegformerImageProcessor and SegformerForSemanticSegmentation.
/// </summary>
public sealed class SegFormerAnnotator : IAnnotator
{
    /// <summary>The network sees 512 x 512 pixels, whatever the shape of the picture.</summary>
    private const int Side = 512;

    /// <summary>Its row of the catalogue. Weights of b0 to b5 can be loaded.</summary>
    internal static readonly AnnotatorInfo Description = new(
        "segmentation",
        ["seg_segformer"],
        [],
        "areas in the colours of ADE20K, by SegFormer b0"
    )
    {
        Weights = new(
            [
                "segformer_b0_ade20k.safetensors",
                "segformer-b0-finetuned-ade-512-512/model.safetensors",
                "segformer-b0-finetuned-ade-512-512/pytorch_model.bin",
            ],
            "nvidia/segformer-b0-finetuned-ade-512-512",
            "NVIDIA Source Code License for SegFormer: non-commercial"
        ),
    };

    private readonly NetworkLease<SegFormerNetwork> _network;

    internal SegFormerAnnotator(NetworkLease<SegFormerNetwork> network) => _network = network;

    internal SegFormerAnnotator(AnnotatorNetworks networks)
    {
        var file = networks.Files.Find(Description);
        _network = networks.Rent(
            file,
            "a SegFormer network in the layout of transformers",
            (shapes, placement) =>
            {
                var p = SegFormerParams.Infer(shapes);
                return p.Labels == Ade20kPalette.Count
                    ? new SegFormerNetwork(p, placement)
                    : throw new CheckpointException(
                        file,
                        $"it knows {p.Labels} classes; a network for the {Ade20kPalette.Count} classes of ADE20K is "
                            + "needed."
                    );
            }
        );
    }

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var network = _network.Value;
        var scores = network.Run(Input(picture, Side, Side).ToDeviceOf(network)).cpu();
        return Ade20kPalette.Paint(
            Labels(scores, picture.Width, picture.Height, cancellationToken),
            picture.Width,
            picture.Height
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    /// <summary>[1, 3, height, width], owned by the caller.</summary>
    internal static Tensor Input(Picture picture, int width, int height) =>
        PillowResizing.Normalised(PillowResizing.Resize(picture, width, height, PillowResizing.Bilinear, 1));

    /// <summary>
    /// The class of the highest score at each pixel, of scores [1, labels, h, w] resized (bilinear) to a size, in
    /// strips of rows: scores of all classes of a photograph would fill gigabytes.
    /// </summary>
    internal static byte[] Labels(Tensor scores, int width, int height, CancellationToken cancellationToken)
    {
        const int StripPixels = 1 << 18;
        var labels = new byte[width * height];
        var rows = ResamplingAxis.To((int)scores.shape[2], height).Kernel(Interpolation.Linear);
        var strip = Math.Max(1, StripPixels / width);
        for (var y = 0; y < height; y += strip)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var count = Math.Min(strip, height - y);
            // Rows by hand, columns by libtorch: a strip then has the values of the whole.
            var upper = tensor(Enumerable.Range(y, count).Select(row => (long)rows.Sources[2 * row]).ToArray());
            var lower = tensor(Enumerable.Range(y, count).Select(row => (long)rows.Sources[2 * row + 1]).ToArray());
            var share = tensor(Enumerable.Range(y, count).Select(row => rows.Weights[2 * row + 1]).ToArray())
                .reshape(1, 1, count, 1);
            var between = (scores.index_select(2, upper) * share.SubtractedFrom(1)).Plus(
                scores.index_select(2, lower) * share
            );
            var resized = Upsampling.Edges(between, count, width);
            resized.argmax(1).to(ScalarType.Byte).flatten().data<byte>().ToArray().CopyTo(labels.AsSpan(y * width));
        }

        return labels;
    }
}
