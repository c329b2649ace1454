using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.DepthAnything;

/// <summary>
/// Depth by Depth Anything V2 (A1111: depth_anything_v2), from the files for transformers or the project's own: near is
/// bright. Source: transformers 4.50, DPTImageProcessor and models/depth_anything.
/// </summary>
public sealed class DepthAnythingAnnotator : IAnnotator
{
    /// <summary>The side, in pixels, that the network was trained for.</summary>
    private const int TrainedSide = 518;

    /// <summary>The most pixels that the network is given: sixteen times as many as it was trained for.</summary>
    private const long MaxPixels = 16L * TrainedSide * TrainedSide;

    /// <summary>Its row of the catalogue.</summary>
    internal static readonly AnnotatorInfo Description = new(
        "depth",
        ["depth_anything_v2"],
        [
            new(
                "at_least",
                0,
                1,
                0,
                Whole: true,
                "1: both sides at least 518 pixels, as the original project resizes; 0: one side 518, as transformers "
                    + "does"
            ),
        ],
        "depth by Depth Anything V2"
    )
    {
        Weights = new(
            [
                "depth_anything_v2_small.safetensors",
                "Depth-Anything-V2-Small-hf/model.safetensors",
                "depth_anything_v2_vitl.pth",
                "depth_anything_v2_vitb.pth",
                "depth_anything_v2_vits.pth",
            ],
            "depth-anything/Depth-Anything-V2-Small-hf, or -Small, -Base, -Large",
            "Apache-2.0 (small); CC-BY-NC-4.0 (base, large)"
        ),
    };

    private readonly NetworkLease<DepthAnythingNetwork> _network;

    internal DepthAnythingAnnotator(NetworkLease<DepthAnythingNetwork> network) => _network = network;

    internal DepthAnythingAnnotator(AnnotatorNetworks networks) =>
        _network = networks.Rent(
            networks.Files.Find(Description),
            "a Depth Anything V2 network",
            (shapes, placement) => new DepthAnythingNetwork(DepthAnythingParams.Infer(shapes), placement),
            DepthAnythingKeys.ToTransformers
        );

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// With <c>at_least</c>, a picture so elongated that it would have more than 4 million pixels.
    /// </exception>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        var network = _network.Value;
        options ??= new AnnotatorOptions(Info);
        var (width, height) = SizeFor(
            picture.Width,
            picture.Height,
            TrainedSide,
            network.Patch,
            atLeast: options["at_least"] == 1
        );
        if ((long)width * height > MaxPixels)
        {
            throw new ArgumentException(
                $"A picture of {picture.Width} x {picture.Height} is too elongated: the network would see {width} x "
                    + $"{height} pixels; at most {MaxPixels} are allowed. Cut it, or make it smaller.",
                nameof(picture)
            );
        }

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var depth = network.Run(Input(picture, width, height).ToDeviceOf(network)).cpu().unsqueeze(1);
        cancellationToken.ThrowIfCancellationRequested();
        return DepthPictures.Depth(
            Upsampling.Corners(depth, picture.Height, picture.Width).contiguous().data<float>().ToArray(),
            picture.Width,
            picture.Height
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    /// <summary>
    /// The size at which the network sees a picture: in its shape, both sides rounded, half to even, to multiples of
    /// the patch.
    /// </summary>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="side">The side to come to.</param>
    /// <param name="multiple">Pixels of a patch.</param>
    /// <param name="atLeast">
    /// Whether the shorter side becomes <paramref name="side"/> (the original's "lower_bound"), or the one that changes
    /// less (transformers).
    /// </param>
    internal static (int Width, int Height) SizeFor(int width, int height, int side, int multiple, bool atLeast)
    {
        var (byWidth, byHeight) = ((double)side / width, (double)side / height);
        var factor =
            atLeast ? Math.Max(byWidth, byHeight)
            : Math.Abs(1 - byWidth) < Math.Abs(1 - byHeight) ? byWidth
            : byHeight;
        var least = atLeast ? side : multiple;
        return (Rounded(width * factor), Rounded(height * factor));

        int Rounded(double length)
        {
            var rounded = (int)Math.Round(length / multiple, MidpointRounding.ToEven) * multiple;
            return rounded >= least ? rounded : (int)Math.Ceiling(Math.Max(length, 1) / multiple) * multiple;
        }
    }

    /// <summary>[1, 3, height, width], owned by the caller.</summary>
    internal static Tensor Input(Picture picture, int width, int height) =>
        PillowResizing.Normalised(PillowResizing.Resize(picture, width, height, PillowResizing.Bicubic, 2));
}
