using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// The layers in which an IP-Adapter takes over a part of a picture. Source: ComfyUI_IPAdapter_plus, weight types
/// "style transfer" and "composition" (numbers); for SDXL those of Wang et al. 2024, arXiv:2404.02733.
/// </summary>
internal static class TransferLayers
{
    private const int LayersOfSd1 = 16;
    private const int LayersOfSdxl = 11;
    private const double Faint = 0.25;

    private static readonly double[] StyleOfSd1 = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1];
    private static readonly double[] CompositionOfSd1 = [0, 0, 0, 0, Faint, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly double[] StyleOfSdxl = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    private static readonly double[] CompositionOfSdxl = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>What to say of a model of which no layers are known.</summary>
    public const string Allowed =
        "style and composition are known of the layers of SD 1.x (16) and SDXL (11); for another model give layers=.";

    /// <summary>A factor for each layer; null where they are not known of such a UNet.</summary>
    public static IReadOnlyList<double>? Of(PictureTransfer transfer, UNetParams model)
    {
        var count = TextAttention.All(model)[^1].Layer + 1;
        return (transfer, count, model.VectorChannels is not null) switch
        {
            (PictureTransfer.All, _, _) => [.. Enumerable.Repeat(1.0, count)],
            (PictureTransfer.Style, LayersOfSd1, false) => StyleOfSd1,
            (PictureTransfer.Composition, LayersOfSd1, false) => CompositionOfSd1,
            (PictureTransfer.Style, LayersOfSdxl, true) => StyleOfSdxl,
            (PictureTransfer.Composition, LayersOfSdxl, true) => CompositionOfSdxl,
            _ => null,
        };
    }
}
