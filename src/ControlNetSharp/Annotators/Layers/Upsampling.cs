using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.Layers;

/// <summary>Bilinear resizing of feature maps [B, C, h, w].</summary>
internal static class Upsampling
{
    /// <summary>With the corners of both maps on each other: align_corners = true.</summary>
    public static Tensor Corners(Tensor x, long height, long width) =>
        functional.interpolate(x, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: true);

    /// <summary>With the edges of both maps on each other: half-pixel centres, align_corners = false.</summary>
    public static Tensor Edges(Tensor x, long height, long width) =>
        functional.interpolate(x, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
}
