using ControlNetSharp.Pictures;

namespace ControlNetSharp.Engine;

/// <summary>A picture that was enlarged alone.</summary>
/// <param name="Picture">The large picture; where it has transparency, its colours.</param>
/// <param name="Alpha">Its opacity as grey levels, white for opaque; null where all of it is opaque.</param>
/// <param name="Upscaler">Name of what enlarged it, or of its file.</param>
/// <param name="Scale">Sides of the result in those of the picture, as far as whole pixels allow.</param>
/// <param name="Seconds">Time it took.</param>
public sealed record UpscaledPicture(Picture Picture, Picture? Alpha, string Upscaler, double Scale, double Seconds)
{
    /// <summary>What stable-diffusion-webui wrote into the picture; null where nothing stands in it.</summary>
    public string? Parameters { get; init; }

    /// <summary>The bytes of a PNG, with transparency and the parameters.</summary>
    public byte[] EncodePng() =>
        PictureWriter.EncodePng(
            Picture,
            Alpha,
            Parameters is null
                ? null
                : new Dictionary<string, string>(StringComparer.Ordinal) { [PictureTexts.ParametersKey] = Parameters }
        );
}
