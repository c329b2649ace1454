using System.Globalization;
using ControlNetSharp.Server.Safety;

namespace ControlNetSharp.Server.Operation;

/// <summary>Values of settings as texts. Each throws <see cref="FormatException"/> with what is allowed.</summary>
internal static class SettingValue
{
    private const int BitsOfAPrefix = 10;

    public static int Whole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        && value >= least
        && value <= most
            ? value
            : throw new FormatException($"must be a whole number from {least} to {most}.");

    public static double Real(string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && value >= least
        && value <= most
            ? value
            : throw new FormatException(
                string.Create(CultureInfo.InvariantCulture, $"must be a number from {least} to {most}.")
            );

    /// <summary>Bytes, with K, M, G or T behind the number for powers of 1024.</summary>
    public static long Bytes(string text)
    {
        var prefix = text.Length == 0 ? -1 : "KMGT".IndexOf(char.ToUpperInvariant(text[^1]));
        return long.TryParse(
                prefix < 0 ? text : text[..^1],
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var number
            )
            && number <= long.MaxValue >> (BitsOfAPrefix * (prefix + 1))
            ? number << (BitsOfAPrefix * (prefix + 1))
            : throw new FormatException("must be a number of bytes, such as 500M or 20G.");
    }

    public static bool Switch(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "1" or "yes" or "on" => true,
            "false" or "0" or "no" or "off" => false,
            _ => throw new FormatException("must be true or false."),
        };

    public static bool IsJson(string text) =>
        text switch
        {
            "json" => true,
            "text" => false,
            _ => throw new FormatException("must be text or json."),
        };

    public static UserLogin Login(string text) =>
        text.IndexOf(':', StringComparison.Ordinal) is var colon && colon > 0 && colon < text.Length - 1
            ? new UserLogin(text[..colon], text[(colon + 1)..])
            : throw new FormatException("must be USER:PASSWORD.");

    public static string Origin(string text) =>
        text == "*"
        || (
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri.GetLeftPart(UriPartial.Authority) == text
        )
            ? text
            : throw new FormatException("must be such as https://draw.example, without a path, or * for all.");

    public static string Host(string text) =>
        Uri.CheckHostName(text) == UriHostNameType.Unknown
            ? throw new FormatException("must be a name such as draw.example, without a port.")
            : text;

    public static string Filled(string text) =>
        string.IsNullOrWhiteSpace(text) ? throw new FormatException("must not be empty.") : text;
}
