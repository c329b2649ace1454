using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// The 150 classes of ADE20K and the colours in which segmentation ControlNets were trained to see them. Road (6) and
/// skyscraper (48) share one colour. Source: mmsegmentation, class_names.py (Apache-2.0).
/// </summary>
internal static class Ade20kPalette
{
    /// <summary>Number of classes.</summary>
    public const int Count = 150;

    /// <summary>Up to this share of colours off the palette a map was resized or smoothed.</summary>
    private const double MostOffPalette = 0.3;

    /// <summary>
    /// Up to this median distance in RGB a map was rounded or compressed, wherever its pixels are. A photograph or
    /// another palette is several times as far.
    /// </summary>
    private const double MostDistance = 12;

    private static readonly (string Name, int Rgb)[] Rows =
    [
        ("wall", 0x787878),
        ("building", 0xB47878),
        ("sky", 0x06E6E6),
        ("floor", 0x503232),
        ("tree", 0x04C803),
        ("ceiling", 0x787850),
        ("road", 0x8C8C8C),
        ("bed", 0xCC05FF),
        ("windowpane", 0xE6E6E6),
        ("grass", 0x04FA07),
        ("cabinet", 0xE005FF),
        ("sidewalk", 0xEBFF07),
        ("person", 0x96053D),
        ("earth", 0x787846),
        ("door", 0x08FF33),
        ("table", 0xFF0652),
        ("mountain", 0x8FFF8C),
        ("plant", 0xCCFF04),
        ("curtain", 0xFF3307),
        ("chair", 0xCC4603),
        ("car", 0x0066C8),
        ("water", 0x3DE6FA),
        ("painting", 0xFF0633),
        ("sofa", 0x0B66FF),
        ("shelf", 0xFF0747),
        ("house", 0xFF09E0),
        ("sea", 0x0907E6),
        ("mirror", 0xDCDCDC),
        ("rug", 0xFF095C),
        ("field", 0x7009FF),
        ("armchair", 0x08FFD6),
        ("seat", 0x07FFE0),
        ("fence", 0xFFB806),
        ("desk", 0x0AFF47),
        ("rock", 0xFF290A),
        ("wardrobe", 0x07FFFF),
        ("lamp", 0xE0FF08),
        ("bathtub", 0x6608FF),
        ("railing", 0xFF3D06),
        ("cushion", 0xFFC207),
        ("base", 0xFF7A08),
        ("box", 0x00FF14),
        ("column", 0xFF0829),
        ("signboard", 0xFF0599),
        ("chest of drawers", 0x0633FF),
        ("counter", 0xEB0CFF),
        ("sand", 0xA09614),
        ("sink", 0x00A3FF),
        ("skyscraper", 0x8C8C8C),
        ("fireplace", 0xFA0A0F),
        ("refrigerator", 0x14FF00),
        ("grandstand", 0x1FFF00),
        ("path", 0xFF1F00),
        ("stairs", 0xFFE000),
        ("runway", 0x99FF00),
        ("case", 0x0000FF),
        ("pool table", 0xFF4700),
        ("pillow", 0x00EBFF),
        ("screen door", 0x00ADFF),
        ("stairway", 0x1F00FF),
        ("river", 0x0BC8C8),
        ("bridge", 0xFF5200),
        ("bookcase", 0x00FFF5),
        ("blind", 0x003DFF),
        ("coffee table", 0x00FF70),
        ("toilet", 0x00FF85),
        ("flower", 0xFF0000),
        ("book", 0xFFA300),
        ("hill", 0xFF6600),
        ("bench", 0xC2FF00),
        ("countertop", 0x008FFF),
        ("stove", 0x33FF00),
        ("palm", 0x0052FF),
        ("kitchen island", 0x00FF29),
        ("computer", 0x00FFAD),
        ("swivel chair", 0x0A00FF),
        ("boat", 0xADFF00),
        ("bar", 0x00FF99),
        ("arcade machine", 0xFF5C00),
        ("hovel", 0xFF00FF),
        ("bus", 0xFF00F5),
        ("towel", 0xFF0066),
        ("light", 0xFFAD00),
        ("truck", 0xFF0014),
        ("tower", 0xFFB8B8),
        ("chandelier", 0x001FFF),
        ("awning", 0x00FF3D),
        ("streetlight", 0x0047FF),
        ("booth", 0xFF00CC),
        ("television receiver", 0x00FFC2),
        ("airplane", 0x00FF52),
        ("dirt track", 0x000AFF),
        ("apparel", 0x0070FF),
        ("pole", 0x3300FF),
        ("land", 0x00C2FF),
        ("bannister", 0x007AFF),
        ("escalator", 0x00FFA3),
        ("ottoman", 0xFF9900),
        ("bottle", 0x00FF0A),
        ("buffet", 0xFF7000),
        ("poster", 0x8FFF00),
        ("stage", 0x5200FF),
        ("van", 0xA3FF00),
        ("ship", 0xFFEB00),
        ("fountain", 0x08B8AA),
        ("conveyer belt", 0x8500FF),
        ("canopy", 0x00FF5C),
        ("washer", 0xB800FF),
        ("plaything", 0xFF001F),
        ("swimming pool", 0x00B8FF),
        ("stool", 0x00D6FF),
        ("barrel", 0xFF0070),
        ("basket", 0x5CFF00),
        ("waterfall", 0x00E0FF),
        ("tent", 0x70E0FF),
        ("bag", 0x46B8A0),
        ("minibike", 0xA300FF),
        ("cradle", 0x9900FF),
        ("oven", 0x47FF00),
        ("ball", 0xFF00A3),
        ("food", 0xFFCC00),
        ("step", 0xFF008F),
        ("tank", 0x00FFEB),
        ("trade name", 0x85FF00),
        ("microwave", 0xFF00EB),
        ("pot", 0xF500FF),
        ("animal", 0xFF007A),
        ("bicycle", 0xFFF500),
        ("lake", 0x0ABED4),
        ("dishwasher", 0xD6FF00),
        ("screen", 0x00CCFF),
        ("blanket", 0x1400FF),
        ("sculpture", 0xFFFF00),
        ("hood", 0x0099FF),
        ("sconce", 0x0029FF),
        ("vase", 0x00FFCC),
        ("traffic light", 0x2900FF),
        ("tray", 0x29FF00),
        ("ashcan", 0xAD00FF),
        ("fan", 0x00F5FF),
        ("pier", 0x4700FF),
        ("crt screen", 0x7A00FF),
        ("plate", 0x00FFB8),
        ("monitor", 0x005CFF),
        ("bulletin board", 0xB8FF00),
        ("shower", 0x0085FF),
        ("radiator", 0xFFD600),
        ("glass", 0x19C2C2),
        ("clock", 0x66FF00),
        ("flag", 0x5C00FF),
    ];

    /// <summary>The names of the classes, by label.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Rows.Select(row => row.Name)];

    /// <summary>The colour of a class.</summary>
    /// <param name="label">From 0 (wall) to 149.</param>
    public static (byte Red, byte Green, byte Blue) ColourOf(int label)
    {
        if (label is < 0 or >= Count)
        {
            throw new ArgumentOutOfRangeException(nameof(label), label, $"label must be from 0 to {Count - 1}.");
        }

        var rgb = Rows[label].Rgb;
        return ((byte)(rgb >> 16), (byte)(rgb >> 8), (byte)rgb);
    }

    /// <summary>Labels as a picture.</summary>
    /// <param name="labels">width · height labels from 0 to 149, row by row.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">Another number of labels, or a label above 149.</exception>
    public static Picture Paint(ReadOnlySpan<byte> labels, int width, int height)
    {
        if (labels.Length != (long)width * height)
        {
            throw new ArgumentException(
                $"A map of {width} x {height} has {(long)width * height} labels, not {labels.Length}.",
                nameof(labels)
            );
        }

        var rgb = new byte[3 * labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = ColourOf(labels[i]);
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>The labels of a picture in the palette's colours: the opposite of <see cref="Paint"/>.</summary>
    /// <param name="hint">The picture. Borrowed.</param>
    /// <returns>
    /// width · height labels from 0 to 149, row by row; of two classes that share a colour the first one, and
    /// <see cref="Count"/> where the palette lacks the colour.
    /// </returns>
    public static byte[] LabelsOf(Picture hint)
    {
        ArgumentNullException.ThrowIfNull(hint);
        var known = new Dictionary<int, byte>();
        foreach (var (label, row) in Rows.Index())
        {
            known.TryAdd(row.Rgb, (byte)label);
        }

        var labels = new byte[hint.Width * hint.Height];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = known.GetValueOrDefault(
                hint.Rgb[3 * i] << 16 | hint.Rgb[3 * i + 1] << 8 | hint.Rgb[3 * i + 2],
                (byte)Count
            );
        }

        return labels;
    }

    /// <summary>
    /// Takes a segmentation from elsewhere: pixels that anti-aliasing, resizing or JPEG has mixed become the nearest
    /// colour of the palette or black, which many maps have where nothing was labelled (by distance in RGB).
    /// </summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <returns>
    /// A picture of palette colours only, and the share of the pixels (0..1) that were off the palette: a few
    /// hundredths in an anti-aliased map, most of them in a photograph or in a map with another palette.
    /// </returns>
    public static (Picture Hint, double OffPalette) Snap(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var nearest = Rows.Select(row => row.Rgb).Append(0).Distinct().ToDictionary(rgb => rgb);
        var (rgb, off) = (new byte[picture.Rgb.Length], 0L);
        var exact = nearest.Keys.ToHashSet();
        for (var i = 0; i < rgb.Length; i += 3)
        {
            var colour = picture.Rgb[i] << 16 | picture.Rgb[i + 1] << 8 | picture.Rgb[i + 2];
            off += exact.Contains(colour) ? 0 : 1;
            if (!nearest.TryGetValue(colour, out var found))
            {
                nearest[colour] = found = Nearest(colour).Rgb;
            }

            (rgb[i], rgb[i + 1], rgb[i + 2]) = ((byte)(found >> 16), (byte)(found >> 8), (byte)found);
        }

        var share = (double)off / (picture.Width * (long)picture.Height);
        return (Picture.Owning(picture.Width, picture.Height, rgb), share);
    }

    /// <summary>
    /// A finished segmentation in the palette's own colours, from which rounding, resizing, smoothing or JPEG has taken
    /// it.
    /// </summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <returns>
    /// The segmentation; null where most colours are far from the palette's: a photograph, or a map in another palette.
    /// </returns>
    public static Picture? Recovered(Picture picture)
    {
        var (hint, off) = Snap(picture);
        return off <= MostOffPalette || MedianDistance(picture) <= MostDistance ? hint : null;
    }

    /// <summary>
    /// The median distance in RGB of the pixels to the nearest colour of a class. Those nearest to black do not count:
    /// a ground of nothing would speak for the rest. Infinite where no others are left.
    /// </summary>
    private static double MedianDistance(Picture picture)
    {
        var counts = new Dictionary<int, int>();
        for (var i = 0; i < picture.Rgb.Length; i += 3)
        {
            var colour = picture.Rgb[i] << 16 | picture.Rgb[i + 1] << 8 | picture.Rgb[i + 2];
            counts[colour] = counts.GetValueOrDefault(colour) + 1;
        }

        var distances = counts
            .Select(pair => (Nearest: Nearest(pair.Key), Count: pair.Value))
            .Where(pair => pair.Nearest.Rgb != 0)
            .Select(pair => (pair.Nearest.Distance, pair.Count))
            .OrderBy(pair => pair.Distance)
            .ToList();
        var rest = distances.Sum(pair => (long)pair.Count) / 2;
        foreach (var (distance, count) in distances)
        {
            rest -= count;
            if (rest < 0)
            {
                return Math.Sqrt(distance);
            }
        }

        return double.PositiveInfinity;
    }

    /// <summary>The nearest colour of the palette or black, and its squared distance.</summary>
    private static (int Rgb, int Distance) Nearest(int colour)
    {
        var (best, least) = (0, Distance(colour, 0));
        foreach (var (_, rgb) in Rows)
        {
            var distance = Distance(colour, rgb);
            if (distance < least)
            {
                (best, least) = (rgb, distance);
            }
        }

        return (best, least);
    }

    private static int Distance(int a, int b)
    {
        var (red, green, blue) = ((a >> 16) - (b >> 16), (a >> 8 & 255) - (b >> 8 & 255), (a & 255) - (b & 255));
        return red * red + green * green + blue * blue;
    }
}
