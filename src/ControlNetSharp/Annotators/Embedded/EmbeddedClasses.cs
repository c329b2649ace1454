namespace ControlNetSharp.Annotators.Embedded;

/// <summary>The classes that the embedded network tells apart: those of the 150 of ADE20K that the embedded world has.</summary>
internal static class EmbeddedClasses
{
    /// <summary>ADE20K's indices (0-based), in the order of the network's outputs.</summary>
    public static IReadOnlyList<byte> All { get; } =
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 32, 34, 36, 39, 41, 46, 52, 62, 64, 66, 67, 68, 69, 72, 76, 80, 83, 84, 86,
        87, 89, 90, 93, 98, 114, 119, 120, 126, 128, 132, 135, 136, 142, 147, 148,
    ];
}
