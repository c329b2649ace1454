using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// Adds the features of a finer level to a map and doubles its size. Source: annotator/midas/midas/blocks.py,
/// FeatureFusionBlock_custom, lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class DptFusion : Module
{
    private readonly PreActivationUnit _features;
    private readonly PreActivationUnit _together;
    private readonly ConvolutionLayer _out;

    public DptFusion(int channels, Placement placement)
        : base(nameof(DptFusion))
    {
        (_features, _together, _out) = (
            new(channels, "conv", placement),
            new(channels, "conv", placement),
            new(channels, channels, 1, 1, 0, placement)
        );
        register_module("out_conv", _out);
        register_module("resConfUnit1", _features);
        register_module("resConfUnit2", _together);
    }

    /// <summary>Fuses.</summary>
    /// <param name="map">[B, C, h, w] of the coarser level.</param>
    /// <param name="features">[B, C, h, w] of this level; null at the coarsest, whose map these are.</param>
    /// <returns>[B, C, 2h, 2w].</returns>
    public Tensor Run(Tensor map, Tensor? features)
    {
        using var scope = NewDisposeScope();
        var h = _together.call(features is null ? map : map.Plus(_features.call(features)));
        return _out.call(Upsampling.Corners(h, 2 * h.shape[2], 2 * h.shape[3])).MoveToOuterDisposeScope();
    }
}
