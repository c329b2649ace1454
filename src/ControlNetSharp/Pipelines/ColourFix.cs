using ControlNetSharp.Annotators;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// How a unit holds the picture to the colours of its hint, beside what its network does. Source:
/// Mikubill/sd-webui-controlnet@56cec5b, tile_colorfix and tile_colorfix+sharp (behaviour).
/// </summary>
/// <param name="Radius">Latents to each side over which colours are compared.</param>
/// <param name="Sharpness">How much the unconditional side is blurred, 0 to 0.02; null for not at all.</param>
internal sealed record ColourFix(int Radius, double? Sharpness)
{
    /// <summary>What one of sharpness counts.</summary>
    private const double Percent = 0.01;

    /// <summary>What an annotator and its options ask for; null where it is another one.</summary>
    /// <param name="annotator">The annotator's name.</param>
    /// <param name="options">What a unit says of its options.</param>
    public static ColourFix? Of(string annotator, IReadOnlyDictionary<string, double> options)
    {
        if (PictureHints.All.FirstOrDefault(hint => hint.Info.Name == annotator).Info is not { } info)
        {
            return null;
        }

        var values = new AnnotatorOptions(info, options);
        return annotator switch
        {
            PictureHints.ColourFix => new((int)values["variation"], null),
            PictureHints.ColourFixSharp => new((int)values["variation"], Percent * values["sharpness"]),
            _ => null,
        };
    }
}
