using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.Safety;

/// <summary>What one request may ask for, within the ranges of every request.</summary>
public sealed record RequestLimits
{
    /// <summary>Bytes of a request with its pictures; default 64 MiB.</summary>
    public long BodyBytes { get; init; } = 64L << 20;

    /// <summary>Width times height of each picture that is sent or made; default 8192 x 8192.</summary>
    public long Pixels { get; init; } = PictureLimits.Default.MaxPixels;

    /// <summary>Sampling steps of a pass; default 1000.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Pictures of a batch; default 64.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Batches of a request; default 1000.</summary>
    public int Count { get; init; } = 1000;

    /// <summary>What a picture that is sent may cost.</summary>
    internal PictureLimits Pictures => new() { MaxPixels = Pixels, MaxFileBytes = BodyBytes };

    /// <summary>Refuses a request that asks for more.</summary>
    /// <exception cref="RequestException">The member, its value and what is allowed.</exception>
    internal void Check(GenerationRequest request)
    {
        RequireAtMost("steps", request.Steps, Steps);
        RequireAtMost("hires.steps", request.Hires?.Steps ?? 0, Steps);
        RequireAtMost("upscale.steps", request.Upscale?.Steps ?? 0, Steps);
        RequireAtMost("batch", request.Batch, Batch);
        RequireAtMost("count", request.Batches, Count);
        if (request.Size is { } size)
        {
            RequirePixels("size", size, size);
            RequirePixels("hires.scale", request.Hires?.Scale, request.Hires?.SizeOf(size) ?? size);
            RequirePixels("upscale.scale", request.Upscale?.Scale, request.Upscale?.SizeOf(size) ?? size);
        }
        else if (request is { Upscale: { } upscale, Initial.Picture: var initial } && SizeOf(initial) is { } own)
        {
            RequirePixels("upscale.scale", upscale.Scale, upscale.SizeOf(own));
        }
    }

    /// <summary>The same for a picture that is only enlarged; what its file makes of it is known only then.</summary>
    /// <inheritdoc cref="Check(GenerationRequest)" path="/exception"/>
    internal void Check(UpscaleRequest request)
    {
        if (request.Scale is { } scale && SizeOf(request.Picture) is { } own)
        {
            RequirePixels("scale", scale, ((int)(own.Width * scale), (int)(own.Height * scale)));
        }
    }

    /// <summary>From the header; null for an upload, of which only the digest is here.</summary>
    private PictureSize? SizeOf(PictureSource picture) =>
        picture is { Path: null, IsKnownByDigestOnly: false }
        && PictureSignature.FormatOf(picture.ReadBytes()) is not null
        && PictureReader.SizeOf(picture.ReadBytes(), "picture", Pictures) is var (width, height)
            ? new PictureSize(width, height)
            : null;

    /// <summary>Refuses pictures by their headers, before any of them is kept or decoded.</summary>
    /// <exception cref="PictureException">One is too large; its member is named.</exception>
    internal void Check(IEnumerable<(string Member, PictureSource Picture)> pictures)
    {
        foreach (var (member, picture) in pictures)
        {
            // What is no picture may be key points; an upload was looked at when it came.
            if (
                picture is { Path: null, IsKnownByDigestOnly: false }
                && picture.ReadBytes() is var bytes
                && PictureSignature.FormatOf(bytes) is not null
            )
            {
                PictureReader.SizeOf(bytes, member, Pictures);
            }
        }
    }

    private void RequirePixels(string member, object? value, PictureSize size) =>
        RequestRules.Require(
            (long)size.Width * size.Height <= Pixels,
            member,
            value,
            $"makes {size.Width} x {size.Height} pixels; this server allows at most {Pixels}."
        );

    private static void RequireAtMost(string member, int value, int most) =>
        RequestRules.Require(value <= most, member, value, $"this server allows at most {most}.");
}
