using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>
/// Words for choices in infotexts: the first one is written, all are read; numbers and names of Python's enums come
/// from texts that were made over an API. Sources (behaviour): sd-webui-controlnet v1.1.455, enums.py and args.py;
/// stable-diffusion-webui v1.10.1, processing.py.
/// </summary>
internal static class InfotextWords
{
    public static readonly (ResizeMode Value, string[] Words)[] Resize =
    [
        (ResizeMode.Just, ["Just Resize", "0", "ResizeMode.RESIZE"]),
        (
            ResizeMode.Crop,
            ["Crop and Resize", "1", "ResizeMode.INNER_FIT", "Inner Fit (Scale to Fit)", "Scale to Fit (Inner Fit)"]
        ),
        (
            ResizeMode.Fill,
            ["Resize and Fill", "2", "ResizeMode.OUTER_FIT", "Outer Fit (Shrink to Fit)", "Envelope (Outer Fit)"]
        ),
    ];

    public static readonly (ControlMode Value, string[] Words)[] Mode =
    [
        (ControlMode.Balanced, ["Balanced", "0", "ControlMode.BALANCED"]),
        (ControlMode.Prompt, ["My prompt is more important", "1", "ControlMode.PROMPT"]),
        (ControlMode.Control, ["ControlNet is more important", "2", "ControlMode.CONTROL"]),
    ];

    public static readonly (ControlPasses Value, string[] Words)[] Passes =
    [
        (ControlPasses.Both, ["Both", "0", "HiResFixOption.BOTH"]),
        (ControlPasses.Low, ["Low res only", "1", "HiResFixOption.LOW_RES_ONLY"]),
        (ControlPasses.High, ["High res only", "2", "HiResFixOption.HIGH_RES_ONLY"]),
    ];

    public static readonly (MaskedContent Value, string[] Words)[] Content =
    [
        (MaskedContent.Fill, ["fill"]),
        (MaskedContent.Original, ["original"]),
        (MaskedContent.Noise, ["latent noise"]),
        (MaskedContent.Nothing, ["latent nothing"]),
    ];

    /// <summary>The word for a value.</summary>
    public static string WordOf<T>((T Value, string[] Words)[] table, T value)
        where T : struct, Enum => table.First(row => row.Value.Equals(value)).Words[0];

    /// <summary>The value of a word in any case.</summary>
    /// <exception cref="RequestException">It is not known.</exception>
    public static T ValueOf<T>((T Value, string[] Words)[] table, string member, string word)
        where T : struct, Enum
    {
        var found = Array.FindIndex(table, row => row.Words.Contains(word, StringComparer.OrdinalIgnoreCase));
        var allowed = string.Join(", ", table.Select(row => row.Words[0]));
        return found >= 0 ? table[found].Value : throw new RequestException(member, word, $"must be one of {allowed}.");
    }
}
