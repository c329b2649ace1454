using ControlNetSharp.Pictures;

namespace ControlNetSharp.Server.WebUi;

/// <summary>The upscalers of pictures that need no file.</summary>
internal static class PictureUpscalers
{
    public const string None = "None";

    private static readonly (string Name, Interpolation Interpolation)[] Rows =
    [
        (None, Interpolation.Lanczos4),
        ("Lanczos", Interpolation.Lanczos4),
        ("Nearest", Interpolation.Nearest),
    ];

    /// <summary>All of them, in the order of lists.</summary>
    public static IEnumerable<string> Names => Rows.Select(row => row.Name);

    /// <summary>The name as lists have it; null where there is no such upscaler.</summary>
    public static string? Find(string name) =>
        Names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A picture in another size.</summary>
    public static Picture Resize(Picture picture, string name, int width, int height) =>
        PictureResizing.Resize(picture, width, height, Rows.First(row => row.Name == name).Interpolation);
}
