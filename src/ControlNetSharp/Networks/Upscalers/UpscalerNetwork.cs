using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Upscalers;

/// <summary>A network that enlarges pictures.</summary>
internal abstract class UpscalerNetwork : Module
{
    private protected UpscalerNetwork(string name)
        : base(name) { }

    /// <summary>Sides of the result in those of the picture: 1, 2, 4 or 8.</summary>
    public abstract int Scale { get; }

    /// <summary>A picture, enlarged.</summary>
    /// <param name="picture">[B, 3, h, w], RGB in 0..1, in the dtype of the weights. Borrowed.</param>
    /// <returns>[B, 3, h·Scale, w·Scale], about 0..1 and not clamped; fresh.</returns>
    public abstract Tensor Forward(Tensor picture);
}
