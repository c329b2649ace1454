using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>Grey PNG files of 16 bits a pixel with all their bits, which picture decoders cut to 8.</summary>
internal static class PngDepth
{
    /// <summary>Whether bytes begin with the header of such a file.</summary>
    public static bool IsGrey16(ReadOnlySpan<byte> bytes) => PngSamples.KindOf(bytes) is { Bits: 16, IsGrey: true };

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        if (PngSamples.KindOf(bytes) is { } kind && kind is not { Bits: 16, IsGrey: true })
        {
            throw new PictureException(
                name,
                $"the PNG has {kind.Bits} bits a sample and the colour type {kind.ColourType}; a depth map needs 16 "
                    + "bits "
                    + "and the colour type 0 (grey). A finished hint is given with annotator=none."
            );
        }

        var samples = PngSamples.Read(bytes, name, limits);
        return new DepthMap(
            samples.Width,
            samples.Height,
            Array.ConvertAll(samples.Values, value => (float)value),
            isWhole: true,
            name
        );
    }
}
