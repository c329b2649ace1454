namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// How union ControlNets count the kinds of hints. The first six are those of both published ones, the last two of
/// ProMax alone. Source: xinsir6/ControlNetPlus, README.
/// </summary>
internal static class UnionKinds
{
    private static readonly string[][] Numbered =
    [
        ["pose"],
        ["depth"],
        ["hed", "scribble"],
        ["canny", "lineart", "hough"],
        ["normal"],
        ["segmentation"],
        ["tile"],
        [Repainting],
    ];

    /// <summary>The kind whose hint is the picture with holes in it.</summary>
    public const string Repainting = "inpaint";

    /// <summary>How many kinds the largest network has.</summary>
    public static int Most => Numbered.Length;

    /// <summary>The condition kinds that a network of so many kinds takes.</summary>
    public static IReadOnlyList<string> Of(int count) => [.. Numbered.Take(count).SelectMany(names => names)];

    /// <summary>The number of a condition kind; null where a network of so many kinds has none for it.</summary>
    public static int? NumberOf(string kind, int count) =>
        Array.FindIndex(Numbered, names => names.Contains(kind, StringComparer.Ordinal)) is var number and >= 0
        && number < count
            ? number
            : null;
}
