using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>Examples of one size as a step takes them.</summary>
/// <param name="Latents">[B, 4, h, w], float32, scaled.</param>
/// <param name="Text">Their texts.</param>
/// <param name="Sizes">What SDXL is told of the size of each: <see cref="CachedExample.Sizes"/>.</param>
/// <param name="Hints">[B, 3, 8h, 8w], float32, 0..1.</param>
public sealed record ExampleBatch(Tensor Latents, ExampleText Text, IReadOnlyList<SizeConditioning> Sizes, Tensor Hints)
{
    /// <summary>What the networks take beside the text that is attended to.</summary>
    /// <param name="text">The batch's texts, or those that take their place.</param>
    /// <param name="p">The shape of the UNet.</param>
    /// <returns>[B, VectorChannels], fresh; null for a UNet that takes none.</returns>
    public Tensor? Vector(ExampleText text, UNetParams p)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(p);
        return p.VectorChannels is { } channels ? SizeConditioning.Vectors(Sizes, text.Pooled!, channels) : null;
    }
}
