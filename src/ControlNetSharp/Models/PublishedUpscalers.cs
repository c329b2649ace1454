namespace ControlNetSharp.Models;

/// <summary>
/// Under which names upscalers are published. Source: stable-diffusion-webui v1.10.1, modules/realesrgan_model.py and
/// esrgan_model.py (names); the releases of xinntao/Real-ESRGAN and cszn/KAIR.
/// </summary>
internal static class PublishedUpscalers
{
    /// <summary>The name in stable-diffusion-webui, then those of the files.</summary>
    private static readonly string[][] Rows =
    [
        ["R-ESRGAN 4x+", "RealESRGAN_x4plus", "RealESRGAN_x4"],
        ["R-ESRGAN 4x+ Anime6B", "RealESRGAN_x4plus_anime_6B"],
        ["R-ESRGAN 2x+", "RealESRGAN_x2plus", "RealESRGAN_x2"],
        ["R-ESRGAN General 4xV3", "realesr-general-x4v3"],
        ["R-ESRGAN General WDN 4xV3", "realesr-general-wdn-x4v3"],
        ["R-ESRGAN AnimeVideo", "realesr-animevideov3"],
        ["ESRGAN_4x", "ESRGAN"],
    ];

    /// <summary>All names of an upscaler but this one; none where it is not known.</summary>
    /// <param name="name">With or without extension, in any case.</param>
    public static IReadOnlyList<string> OthersOf(string name)
    {
        var stem = ModelLayout.WithoutExtension(name);
        return [.. RowOf(stem).Where(other => !other.Equals(stem, StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>
    /// What stable-diffusion-webui calls the upscaler of a file: by its published name, others by the file's own.
    /// </summary>
    /// <param name="file">The file's name, with or without folder and extension.</param>
    public static string LabelOf(string file)
    {
        var stem = Path.GetFileName(ModelLayout.WithoutExtension(file));
        return RowOf(stem) is [var label, ..] ? label : stem;
    }

    private static string[] RowOf(string stem) =>
        Array.Find(Rows, row => row.Contains(stem, StringComparer.OrdinalIgnoreCase)) ?? [];
}
