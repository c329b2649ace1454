using ControlNetSharp.Pictures;

namespace ControlNetSharp.Server.WebUi;

/// <summary>Pictures in bodies: base64, with <c>data:image/…;base64,</c> before it or without.</summary>
internal static class PayloadPictures
{
    private static readonly string[] Links = ["http://", "https://"];

    /// <summary>The file that a text is.</summary>
    /// <exception cref="WebUiException">500, as clients expect it: it is a link, no base64, or no picture.</exception>
    public static PictureSource Read(string text)
    {
        var picture = PictureSource.FromBytes(BytesOf(text));
        try
        {
            picture.Read();
        }
        catch (PictureException e)
        {
            throw Invalid(e.Message);
        }

        return picture;
    }

    /// <summary>The bytes that a text is.</summary>
    /// <inheritdoc cref="Read"/>
    public static byte[] BytesOf(string text)
    {
        if (Links.Any(link => text.StartsWith(link, StringComparison.OrdinalIgnoreCase)))
        {
            throw WebUiException.Http(500, "Requests not allowed");
        }

        var data = text.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase)
            ? text[(text.IndexOf(',', StringComparison.Ordinal) + 1)..]
            : text;
        try
        {
            return Decoded(data);
        }
        catch (FormatException)
        {
            throw Invalid("it is no base64.");
        }
    }

    private static byte[] Decoded(string data)
    {
        var bytes = new byte[data.Length / 4 * 3 + 3];
        if (Convert.TryFromBase64String(data, bytes, out var length))
        {
            return bytes[..length];
        }

        // What is outside of the alphabet is passed over, as in Python.
        return Convert.FromBase64String(string.Concat(data.Where(IsBase64)));
    }

    private static bool IsBase64(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '=';

    private static WebUiException Invalid(string reason) => WebUiException.Http(500, "Invalid encoded image", reason);
}
