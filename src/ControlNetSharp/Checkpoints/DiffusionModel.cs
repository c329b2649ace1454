using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>The networks of a loaded checkpoint and what it says of itself. Disposing it frees the weights.</summary>
/// <param name="File">The file or folder that it came from.</param>
/// <param name="Family">The family.</param>
/// <param name="UNet">The denoising network.</param>
/// <param name="Autoencoder">Pictures to latents and back.</param>
/// <param name="Text">The text encoder.</param>
/// <param name="PredictsVelocity">Whether the UNet predicts velocity instead of noise; null where neither the file nor its family says, which counts as noise.</param>
/// <param name="NativeSize">Width and height of the pictures that it was trained with.</param>
/// <param name="Placement">Where its networks are, and what they compute in.</param>
public sealed record DiffusionModel(
    string File, ModelFamily Family, UNet UNet, Autoencoder Autoencoder, ITextEncoder Text, bool? PredictsVelocity, int NativeSize, Placement Placement) : IDisposable
{
    /// <summary>The second text encoder (SDXL), which gives the pooled vector, too; null where there is one only.</summary>
    public ITextEncoder? SecondText { get; init; }

    /// <summary>The one or two text encoders, in the order in which their features stand side by side.</summary>
    public IReadOnlyList<ITextEncoder> Texts => SecondText is null ? [Text] : [Text, SecondText];

    /// <summary>The noise that it was trained with.</summary>
    public NoiseSettings Noise { get; init; } = NoiseSettings.StableDiffusion;

    /// <inheritdoc/>
    public void Dispose()
    {
        UNet.Dispose();
        Autoencoder.Dispose();
        foreach (var text in Texts)
        {
            (text as IDisposable)?.Dispose();
        }
    }
}
