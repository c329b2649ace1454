using System.Text.RegularExpressions;

namespace ControlNetSharp.Models;

/// <summary>A name as people and other programs write it.</summary>
/// <param name="Text">The whole name, with forward slashes between folders.</param>
/// <param name="Plain">The name without a hash in brackets behind it; the same where there is none.</param>
/// <param name="Hash">
/// That hash, or the name itself where it can be one; in lower case; null where there is none.
/// </param>
internal sealed partial record ModelName(string Text, string Plain, string? Hash)
{
    /// <summary>Eight digits of the old kind, or from ten to all of SHA-256.</summary>
    private const string Hexadecimal = "[0-9a-fA-F]{8}|[0-9a-fA-F]{10,64}";

    /// <summary>
    /// The ways to look for it, the one as it is written first: a file may have brackets in its name.
    /// </summary>
    public IReadOnlyList<string> Spellings => Text == Plain ? [Text] : [Text, Plain];

    public static ModelName Parse(string name)
    {
        var text = name.Trim().Replace('\\', '/');
        var behind = HashBehind().Match(text);
        var plain = behind.Success ? text[..behind.Index].TrimEnd() : text;
        var hash =
            behind.Success ? behind.Groups["hash"].Value
            : HashAlone().IsMatch(text) ? text
            : null;
        return new ModelName(text, plain, hash?.ToLowerInvariant());
    }

    [GeneratedRegex($@"(?<=.)\[(?<hash>{Hexadecimal})\]$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HashBehind();

    [GeneratedRegex($"^({Hexadecimal})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HashAlone();
}
