using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// The networks of a loaded checkpoint and what it says of itself. Whoever loaded it owns it; disposing it frees the
/// weights.
/// </summary>
public sealed class DiffusionModel : IDisposable
{
    /// <summary>The guidance scale of models that say nothing of it.</summary>
    internal const double UsualGuidanceScale = 7;

    /// <summary>The file or folder that it came from.</summary>
    public required string File { get; init; }

    /// <summary>The family.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>The denoising network.</summary>
    public required UNet UNet { get; init; }

    /// <summary>Pictures to latents and back.</summary>
    public required Autoencoder Autoencoder { get; init; }

    /// <summary>The text encoder.</summary>
    public required ITextEncoder Text { get; init; }

    /// <summary>
    /// The second text encoder (SDXL), which gives the pooled vector, too; null where there is one only.
    /// </summary>
    public ITextEncoder? SecondText { get; init; }

    /// <summary>The one or two text encoders, in the order in which their features stand side by side.</summary>
    public IReadOnlyList<ITextEncoder> Texts => SecondText is null ? [Text] : [Text, SecondText];

    /// <summary>
    /// What the UNet predicts; null where neither the file nor its family says, which counts as noise.
    /// </summary>
    public PredictionType? Prediction { get; init; }

    /// <summary>The noise that it was trained with.</summary>
    public NoiseSchedule Noise { get; init; } = NoiseSchedule.StableDiffusion;

    /// <summary>Width and height of the pictures that it was trained with.</summary>
    public required int NativeSize { get; init; }

    /// <summary>
    /// The guidance scale of requests that name none, 1 to 30: what its file says by <c>guidance_scale</c>, else 7.
    /// </summary>
    public double GuidanceScale { get; init; } = UsualGuidanceScale;

    /// <summary>Where its networks are, and what they compute in.</summary>
    public required Placement Placement { get; init; }

    /// <summary>The LoRAs that were merged into it for good when it was loaded.</summary>
    internal IReadOnlyList<LoraRequest> Merged { get; init; } = [];

    /// <summary>The text encoders with the places that checkpoints in LDM's layout have for them.</summary>
    internal IEnumerable<(ITextEncoder Encoder, TextPlace Place)> PlacedTexts =>
        Texts.Zip(Family.Texts, (encoder, text) => (encoder, text.PlaceOf(encoder)));

    /// <summary>The text encoders and how the family makes conditioning of them.</summary>
    internal ModelTexts ModelTexts => new(Texts, Family.TakesVector, Family.ZerosForEmptyNegative);

    /// <summary>The generations that use it right now.</summary>
    internal UseCount Uses { get; } = new();

    /// <summary>All networks.</summary>
    internal IEnumerable<nn.Module> Modules => [UNet, Autoencoder, .. Texts.OfType<nn.Module>()];

    /// <summary>
    /// The same with another UNet. All parts are borrowed: whoever owns them disposes them, and not the result.
    /// </summary>
    internal DiffusionModel With(UNet unet) =>
        new()
        {
            File = File,
            Family = Family,
            UNet = unet,
            Autoencoder = Autoencoder,
            Text = Text,
            SecondText = SecondText,
            Prediction = Prediction,
            Noise = Noise,
            NativeSize = NativeSize,
            GuidanceScale = GuidanceScale,
            Placement = Placement,
            Merged = Merged,
        };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var network in Modules)
        {
            network.Dispose();
        }
    }
}
