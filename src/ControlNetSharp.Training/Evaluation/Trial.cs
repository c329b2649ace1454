using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>One way to make pictures: by some units from the prompts and seeds of the references.</summary>
/// <param name="name">For people: "depth", "pose + depth".</param>
/// <param name="units">The units; none for pictures from the prompt alone.</param>
internal sealed class Trial(string name, IReadOnlyList<TrialUnit> units)
{
    public string Name { get; } = name;

    public IReadOnlyList<TrialUnit> Units { get; } = units;

    /// <summary>The kinds of its units, each once.</summary>
    public IReadOnlyList<string> Kinds { get; } = [.. units.Select(unit => unit.Kind).Distinct()];

    /// <summary>The groups of scenes on which it is tried.</summary>
    public SortedSet<SceneGroup> Groups { get; } = [];
}

/// <summary>A unit of a trial.</summary>
/// <param name="Kind">The condition kind.</param>
/// <param name="ControlNet">Its ControlNet. Borrowed.</param>
/// <param name="Half">Where it acts.</param>
/// <param name="Weight">How strongly it acts.</param>
internal sealed record TrialUnit(
    string Kind,
    ControlNetwork ControlNet,
    PictureHalf Half = PictureHalf.Both,
    double Weight = 1
)
{
    /// <summary>White where the unit acts; null for everywhere.</summary>
    public Picture? Region(int width, int height) =>
        Half == PictureHalf.Both
            ? null
            : Cut(Picture.Owning(width, height, [.. Enumerable.Repeat(byte.MaxValue, 3 * width * height)]));

    /// <summary>
    /// The hint of the unit: that of the picture, black where the unit does not act, since it would not be known there.
    /// </summary>
    public Picture HintOf(Picture hint) => Half == PictureHalf.Both ? hint : Cut(hint);

    /// <summary>The picture, black outside of the half.</summary>
    private Picture Cut(Picture picture)
    {
        var (width, rgb) = (picture.Width, picture.Rgb.ToArray());
        for (var y = 0; y < picture.Height; y++)
        {
            var (first, count) = Half == PictureHalf.Left ? (width / 2, width - width / 2) : (0, width / 2);
            rgb.AsSpan(3 * (y * width + first), 3 * count).Clear();
        }

        return Picture.Owning(width, picture.Height, rgb);
    }
}

/// <summary>A part of a picture.</summary>
internal enum PictureHalf
{
    /// <summary>The whole picture.</summary>
    Both,

    /// <summary>The left half.</summary>
    Left,

    /// <summary>The right half.</summary>
    Right,
}
