using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.V1;

/// <summary>A file that was kept.</summary>
/// <param name="Sha256">By this requests name it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="MediaType">What its first bytes say.</param>
/// <param name="Width">Pixels a row, of pictures.</param>
/// <param name="Height">Rows, of pictures.</param>
internal sealed record UploadView(string Sha256, long Size, string MediaType, int? Width, int? Height);

/// <summary>Files by their SHA-256, so that a picture is sent once for many requests.</summary>
internal static class UploadRoutes
{
    private const string Bytes = "application/octet-stream";

    public static void MapUploads(this RouteGroupBuilder v1)
    {
        var uploads = v1.MapGroup("/uploads").WithTags("Uploads");
        uploads
            .MapPost("", PutAsync)
            .WithSummary("Keep a picture, or a file with key points or depth: the body itself, or a form's one file")
            .WithBody(typeof(Stream), Bytes, "image/png", "image/jpeg", "image/webp")
            .Produces<UploadView>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        uploads
            .MapGet("/{sha256}", GetAsync)
            .WithSummary("The bytes of an upload")
            .Produces(StatusCodes.Status200OK, contentType: Bytes)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> PutAsync(
        HttpContext context,
        JobStore store,
        ServerSettings settings,
        CancellationToken cancellationToken
    )
    {
        var bytes = await ReadAsync(context.Request, cancellationToken).ConfigureAwait(false);
        RequestRules.Require(bytes.Length > 0, "body", null, "must have at least one byte.");
        // What is no picture may be key points or depth.
        (int Width, int Height)? size = PictureSignature.FormatOf(bytes) is null
            ? null
            : PictureReader.SizeOf(bytes, "upload", settings.Limits.Pictures);
        var type = TypeOf(bytes);
        var sha256 = await store.Blobs.PutAsync(bytes, type, cancellationToken).ConfigureAwait(false);
        context.Response.Headers.Location = $"{V1Parts.Root}/uploads/{sha256}";
        return V1Json.Answer(
            new UploadView(sha256, bytes.Length, type, size?.Width, size?.Height),
            StatusCodes.Status201Created
        );
    }

    private static async Task<IResult> GetAsync(
        string sha256,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    ) =>
        await store.Blobs.GetAsync(sha256, cancellationToken).ConfigureAwait(false) is var (bytes, _)
            ? JobFileRoutes.Unchanging(context, sha256, bytes, TypeOf(bytes), null)
            : throw ApiException.NotFound("upload", sha256);

    /// <summary>The body itself, or the one file of a form.</summary>
    public static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!FormFiles.IsForm(request))
        {
            return await SubmittedBody.BytesOfAsync(request.Body, cancellationToken).ConfigureAwait(false);
        }

        var form = await FormFiles.FormOfAsync(request, cancellationToken).ConfigureAwait(false);
        RequestRules.Require(form.Files.Count == 1, "body", null, "the form must have exactly one file.");
        var stream = form.Files[0].OpenReadStream();
        await using (stream.ConfigureAwait(false))
        {
            return await SubmittedBody.BytesOfAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What the bytes are; never what the caller says, since a browser would act by it.</summary>
    private static string TypeOf(ReadOnlySpan<byte> bytes) =>
        PictureSignature.FormatOf(bytes) is { } format ? $"image/{format.ToLowerInvariant()}" : Bytes;
}
