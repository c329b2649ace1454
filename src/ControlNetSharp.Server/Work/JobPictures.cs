using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// Pictures of requests on their way through the store: in a payload each one is named by its SHA-256, and its bytes
/// lie once beside it.
/// </summary>
internal static class JobPictures
{
    /// <summary>
    /// The bytes of the pictures that a request brings go to the store; digests of earlier uploads stay.
    /// </summary>
    /// <returns>The request with digests alone, and these digests.</returns>
    /// <exception cref="RequestException">A picture is a path, or an upload that is not there.</exception>
    public static async Task<(GenerationRequest Request, IReadOnlyList<string> Uploads)> KeepAsync(
        GenerationRequest request,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var kept = await KeepAsync(RequestPictures.Of(request), blobs, cancellationToken).ConfigureAwait(false);
        return (RequestPictures.Replace(request, picture => Known(picture, kept)), [.. kept.Values]);
    }

    /// <summary>The same for a unit alone.</summary>
    public static async Task<(ControlUnit Unit, IReadOnlyList<string> Uploads)> KeepAsync(
        ControlUnit unit,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var kept = await KeepAsync(RequestPictures.Of(unit, "unit"), blobs, cancellationToken).ConfigureAwait(false);
        return (RequestPictures.Replace(unit, picture => Known(picture, kept)), [.. kept.Values]);
    }

    /// <summary>The same for a picture that is only enlarged.</summary>
    public static async Task<(UpscaleRequest Request, IReadOnlyList<string> Uploads)> KeepAsync(
        UpscaleRequest request,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var kept = await KeepAsync([("picture", request.Picture)], blobs, cancellationToken).ConfigureAwait(false);
        return (request with { Picture = Known(request.Picture, kept) }, [.. kept.Values]);
    }

    /// <summary>A request of the store with the bytes of its pictures.</summary>
    public static async Task<GenerationRequest> FetchAsync(
        GenerationRequest request,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var found = await FetchAsync(RequestPictures.Of(request), blobs, cancellationToken).ConfigureAwait(false);
        return RequestPictures.Replace(request, picture => Found(picture, found));
    }

    /// <summary>The same for a unit alone.</summary>
    public static async Task<ControlUnit> FetchAsync(
        ControlUnit unit,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var found = await FetchAsync(RequestPictures.Of(unit, "unit"), blobs, cancellationToken).ConfigureAwait(false);
        return RequestPictures.Replace(unit, picture => Found(picture, found));
    }

    /// <summary>The same for a picture that is only enlarged.</summary>
    public static async Task<UpscaleRequest> FetchAsync(
        UpscaleRequest request,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var found = await FetchAsync([("picture", request.Picture)], blobs, cancellationToken).ConfigureAwait(false);
        return request with { Picture = Found(request.Picture, found) };
    }

    private static PictureSource Known(PictureSource picture, Dictionary<PictureSource, string> kept) =>
        PictureSource.Known(kept[picture]).WithFrame(picture.Frame);

    private static PictureSource Found(PictureSource picture, Dictionary<string, PictureSource> found) =>
        found[picture.Sha256!].WithFrame(picture.Frame);

    private static async Task<Dictionary<PictureSource, string>> KeepAsync(
        IEnumerable<(string Member, PictureSource Picture)> pictures,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var kept = new Dictionary<PictureSource, string>(ReferenceEqualityComparer.Instance);
        foreach (var (member, picture) in pictures)
        {
            if (picture.Path is { } path)
            {
                throw new RequestException(
                    member,
                    path,
                    "a request to the server cannot name a file; send its bytes, or upload it and give its SHA-256."
                );
            }

            if (!picture.IsKnownByDigestOnly)
            {
                kept[picture] = await blobs
                    .PutAsync(picture.ReadBytes().ToArray(), "application/octet-stream", cancellationToken)
                    .ConfigureAwait(false);
            }
            else if (await blobs.HasAsync(picture.Sha256!, cancellationToken).ConfigureAwait(false))
            {
                kept[picture] = picture.Sha256!;
            }
            else
            {
                throw new RequestException(member, picture.Sha256, "there is no upload with this SHA-256.");
            }
        }

        return kept;
    }

    private static async Task<Dictionary<string, PictureSource>> FetchAsync(
        IEnumerable<(string Member, PictureSource Picture)> pictures,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, PictureSource>(StringComparer.Ordinal);
        foreach (var (member, picture) in pictures)
        {
            var sha256 = picture.Sha256!;
            var blob =
                await blobs.GetAsync(sha256, cancellationToken).ConfigureAwait(false)
                ?? throw new RequestException(member, sha256, "the upload is not there any more.");
            found[sha256] = PictureSource.FromBytes(blob.Bytes, sha256);
        }

        return found;
    }
}
