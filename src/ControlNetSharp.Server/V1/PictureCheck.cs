using ControlNetSharp.Pictures;

namespace ControlNetSharp.Server.V1;

/// <summary>A look at the headers of pictures before any of their bytes are kept or decoded.</summary>
internal static class PictureCheck
{
    /// <summary>Refuses pictures that say they are larger than is allowed, or cannot be read at all.</summary>
    /// <exception cref="PictureException">One is; the message has the path of its member.</exception>
    public static void Require(IEnumerable<(string Member, PictureSource Picture)> pictures)
    {
        foreach (
            var (member, picture) in pictures.Where(entry =>
                entry.Picture is { Path: null, IsKnownByDigestOnly: false }
            )
        )
        {
            SizeOf(picture.ReadBytes(), member);
        }
    }

    /// <summary>Width and height of a picture; null for a file that is none, as of key points or depth.</summary>
    /// <exception cref="PictureException">It is damaged or too large.</exception>
    public static (int Width, int Height)? SizeOf(ReadOnlySpan<byte> bytes, string name) =>
        PictureSignature.FormatOf(bytes) is null ? null : PictureReader.SizeOf(bytes, name);
}
