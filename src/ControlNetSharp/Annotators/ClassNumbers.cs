using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Segmentations whose pixels are numbers of ADE20K's classes instead of colours: grey or paletted PNG, as segmentation
/// networks and data sets write them. 255 means that nothing is labelled.
/// </summary>
internal static class ClassNumbers
{
    /// <summary>Nothing is labelled, in files of every kind.</summary>
    private const int Ignored = 255;

    /// <summary>
    /// The share of neighbours that are equal in a map of areas, where one of them is not 0. In a photograph it is a
    /// tenth.
    /// </summary>
    private const double LeastEqual = 0.75;

    /// <summary>Name and options: the row for files that are no pictures to look at.</summary>
    public static AnnotatorInfo Info { get; } =
        new(
            "segmentation",
            ["seg_classes"],
            [
                new(
                    "first",
                    0,
                    1,
                    0,
                    Whole: true,
                    "the number of the first class, wall: 0, or 1 as in ADE20K's own annotations, where 0 is nothing"
                ),
            ],
            "class numbers of ADE20K: grey or paletted PNG"
        );

    /// <summary>
    /// Whether a file holds such numbers, as far as can be seen: all of them are classes, and they lie in areas.
    /// </summary>
    /// <param name="file">The whole file.</param>
    /// <param name="allowsPalette">
    /// Whether the numbers may be those of a palette's entries. A drawing can be stored in this way, too.
    /// </param>
    public static bool AreIn(ReadOnlySpan<byte> file, bool allowsPalette)
    {
        if (PngSamples.KindOf(file) is not { IsRead: true } kind || (kind.IsPaletted && !allowsPalette))
        {
            return false;
        }

        try
        {
            var map = Read(file, "segmentation", PictureLimits.Default);
            var numbers = map.Values.Where(number => number != Ignored).Distinct().ToList();
            // Some classes have a grey colour: a finished map of these alone is none of numbers.
            var greys = kind.IsPaletted
                ? []
                : Enumerable
                    .Range(0, Ade20kPalette.Count)
                    .Select(Ade20kPalette.ColourOf)
                    .Where(colour => colour.Red == colour.Green && colour.Green == colour.Blue)
                    .Select(colour => (ushort)colour.Red)
                    .ToList();
            return numbers.Count > 1
                && numbers.TrueForAll(number => number <= Ade20kPalette.Count)
                && !numbers.TrueForAll(number => number == 0 || greys.Contains(number))
                && LieInAreas(map);
        }
        catch (PictureException)
        {
            // The reader of pictures says what is wrong with it.
            return false;
        }
    }

    /// <summary>Makes the hint.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="options">Options made for <see cref="Info"/>.</param>
    /// <param name="name">What error messages call the file.</param>
    /// <param name="reading">One sentence for people that says how the numbers were read.</param>
    /// <exception cref="PictureException">
    /// Not a PNG without alpha, damaged, too large, or a number that is no class.
    /// </exception>
    public static Picture Hint(ReadOnlySpan<byte> file, AnnotatorOptions options, string name, out string reading)
    {
        ArgumentNullException.ThrowIfNull(options);
        var map = Read(file, name, PictureLimits.Default);
        var most = map.Values.Where(number => number != Ignored).Max(number => (int?)number) ?? 0;
        // Only who counts from 1 comes to 150.
        var first = options["first"] == 1 || most == Ade20kPalette.Count ? 1 : 0;
        if (most - first >= Ade20kPalette.Count)
        {
            throw new PictureException(
                name,
                $"the number {most} is no class of ADE20K; {first} to {Ade20kPalette.Count - 1 + first} are, and "
                    + $"{Ignored} for nothing."
            );
        }

        var rgb = new byte[3 * map.Values.Length];
        for (var i = 0; i < map.Values.Length; i++)
        {
            if (map.Values[i] - first is >= 0 and < Ade20kPalette.Count and var label)
            {
                (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = Ade20kPalette.ColourOf(label);
            }
        }

        reading =
            $"read as class numbers of ADE20K, counted from {first} ({Ade20kPalette.Names[0]}) "
            + $"to {Ade20kPalette.Count - 1 + first} ({Ade20kPalette.Names[^1]})"
            + (
                first == 1
                    ? "."
                    : "; where they count from 1, as ADE20K's own annotations do, say annotator=seg_classes,first=1."
            );
        return Picture.Owning(map.Width, map.Height, rgb);
    }

    /// <summary>One number a pixel; of grey pictures in three channels the first.</summary>
    private static PngSamples Read(ReadOnlySpan<byte> file, string name, PictureLimits limits)
    {
        var samples = PngSamples.Read(file, name, limits);
        var channels = samples.Header.Channels;
        var numbers = new ushort[samples.Values.Length / channels];
        for (var i = 0; i < numbers.Length; i++)
        {
            var pixel = samples.Values.AsSpan(i * channels, channels);
            numbers[i] = !pixel.ContainsAnyExcept(pixel[0])
                ? pixel[0]
                : throw new PictureException(
                    name,
                    "the picture has colours; class numbers are grey, or the entries of a palette."
                );
        }

        return samples with
        {
            Values = numbers,
        };
    }

    private static bool LieInAreas(PngSamples map)
    {
        long pairs = 0,
            equal = 0;
        for (var i = 0; i < map.Values.Length; i++)
        {
            var here = map.Values[i];
            Count(i % map.Width + 1 < map.Width, 1);
            Count(i + map.Width < map.Values.Length, map.Width);

            void Count(bool isThere, int step)
            {
                if (isThere && (here | map.Values[i + step]) != 0)
                {
                    pairs++;
                    equal += here == map.Values[i + step] ? 1 : 0;
                }
            }
        }

        return equal >= LeastEqual * pairs;
    }
}
