using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.Extensions.AI;

namespace ControlNetSharp.Extensions.AI;

/// <summary>How results become bytes. Only PNG carries the manifest.</summary>
internal sealed record PictureEncoding(string MediaType, Func<GeneratedPicture, byte[]> Encode)
{
    private static readonly PictureEncoding[] All =
    [
        new("image/png", picture => picture.ToPng()),
        new("image/jpeg", picture => PictureWriter.EncodeJpeg(picture.Picture)),
        new("image/webp", picture => PictureWriter.EncodeWebP(picture.Picture)),
    ];

    /// <summary>The encoding of a media type; PNG for null.</summary>
    public static PictureEncoding Of(string? mediaType) =>
        mediaType is null
            ? All[0]
            : Array.Find(All, encoding => encoding.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
                ?? throw new RequestException(
                    "mediaType",
                    mediaType,
                    $"must be {string.Join(" or ", All.Select(encoding => encoding.MediaType))}."
                );

    /// <summary>A result as content.</summary>
    public AIContent Content(GeneratedPicture picture) =>
        new DataContent(Encode(picture), MediaType)
        {
            Name = picture.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture),
            RawRepresentation = picture,
        };
}
