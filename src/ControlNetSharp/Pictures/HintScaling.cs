namespace ControlNetSharp.Pictures;

/// <summary>
/// Scales finished hints by what they are: labels, black and white lines, or amounts such as depth and soft edges.
/// A1111's control units make the same difference (Mikubill/sd-webui-controlnet, high_quality_resize, behaviour).
/// </summary>
internal static class HintScaling
{
    /// <summary>A coloured picture with fewer colours is taken for a map of labels, which must not be mixed.</summary>
    private const int MostLabels = 200;

    /// <summary>A hint of exactly this size; an exact copy where the size stays.</summary>
    public static Picture Scale(Picture hint, int width, int height) =>
        (width, height) == (hint.Width, hint.Height) ? PictureResizing.Scale(hint, width, height)
        : IsLabelMap(hint) ? PictureResizing.Resize(hint, width, height, Interpolation.Nearest)
        : LineMap.Of(hint)?.Scaled(width, height) ?? PictureResizing.Scale(hint, width, height);

    /// <summary>
    /// Few colours, one of which is no grey: greys are amounts, and an amount between two others is right.
    /// </summary>
    private static bool IsLabelMap(Picture picture)
    {
        var (colours, coloured) = (new HashSet<int>(), false);
        var rgb = picture.Rgb;
        for (var i = 0; i < rgb.Length && colours.Count < MostLabels; i += 3)
        {
            colours.Add(rgb[i] << 16 | rgb[i + 1] << 8 | rgb[i + 2]);
            coloured |= rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2];
        }

        return coloured && colours.Count < MostLabels;
    }
}
