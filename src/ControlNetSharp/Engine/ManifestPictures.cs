using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>
/// The pictures that went into a generation, as texts of a PNG: a PNG in base64 each, under keys that the manifest
/// names.
/// </summary>
internal static class ManifestPictures
{
    /// <summary>Key of the initial picture.</summary>
    public const string Initial = Manifest.Key + ".init";

    /// <summary>Key of the initial picture's mask.</summary>
    public const string Mask = Manifest.Key + ".mask";

    /// <summary>Key of a unit's picture, such as <c>controlnetsharp.hint0</c>.</summary>
    public static string KeyOf(string what, int unit) => $"{Manifest.Key}.{what}{unit}";

    /// <summary>The manifest with none but the pictures whose keys are there.</summary>
    public static Manifest Only(Manifest manifest, IReadOnlyCollection<string> keys)
    {
        string? Kept(string? key) => key is not null && keys.Contains(key) ? key : null;
        return manifest with
        {
            Resolved = manifest.Resolved with
            {
                Initial = Kept(manifest.Resolved.Initial),
                Mask = Kept(manifest.Resolved.Mask),
                Regions = [.. manifest.Resolved.Regions.Select(Kept)],
                Units =
                [
                    .. manifest.Resolved.Units.Select(unit =>
                        unit with
                        {
                            Hint = Kept(unit.Hint),
                            HiresHint = Kept(unit.HiresHint),
                            Mask = Kept(unit.Mask),
                            Inpaint = Kept(unit.Inpaint),
                        }
                    ),
                ],
            },
        };
    }

    /// <summary>Reads a picture that a manifest keeps.</summary>
    /// <param name="texts">The texts of the PNG.</param>
    /// <param name="key">Its key.</param>
    /// <param name="file">The PNG, for messages.</param>
    /// <exception cref="PictureException">It is missing or no picture.</exception>
    public static Picture Read(IReadOnlyDictionary<string, string> texts, string key, string file)
    {
        try
        {
            var bytes = Convert.FromBase64String(
                texts.TryGetValue(key, out var text) ? text : throw new FormatException("it is missing.")
            );
            return PictureReader.Read(bytes, $"{file}, text '{key}'");
        }
        catch (FormatException e)
        {
            throw new PictureException(file, $"its text '{key}' holds no picture: {e.Message}", e);
        }
    }
}
