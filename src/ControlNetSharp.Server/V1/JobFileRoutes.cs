using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace ControlNetSharp.Server.V1;

/// <summary>What jobs made: files, manifests, and the preview of one that runs.</summary>
internal static class JobFileRoutes
{
    public static void MapJobFiles(this RouteGroupBuilder v1)
    {
        var job = v1.MapGroup("/jobs/{id}").WithTags("Jobs").ProducesProblem(StatusCodes.Status404NotFound);
        job.MapGet("/files/{name}", FileAsync)
            .WithSummary("A file of a job; with download=1 as an attachment")
            .Produces(StatusCodes.Status200OK, contentType: "image/png");
        job.MapGet("/manifest", ManifestAsync)
            .WithSummary("How a picture was made: its request, and the files with their SHA-256")
            .Produces(StatusCodes.Status200OK, contentType: "application/json");
        job.MapGet("/preview", PreviewAsync)
            .WithSummary("The picture of a running job so far")
            .Produces(StatusCodes.Status200OK, contentType: "image/jpeg");
    }

    /// <summary>Bytes that never change under their address.</summary>
    public static IResult Unchanging(HttpContext context, string sha256, byte[] bytes, string type, string? download)
    {
        context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return TypedResults.Bytes(
            bytes,
            type,
            download,
            enableRangeProcessing: true,
            entityTag: new EntityTagHeaderValue($"\"{sha256}\"")
        );
    }

    private static async Task<IResult> FileAsync(
        string id,
        string name,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        var (file, bytes) = await ReadAsync(id, name, context, store, cancellationToken).ConfigureAwait(false);
        var isDownload = Queries.Whole(context.Request.Query, "download", 0, 1) == 1;
        return Unchanging(context, file.Sha256, bytes, file.MediaType, isDownload ? file.Name : null);
    }

    private static async Task<IResult> ManifestAsync(
        string id,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        var number = Queries.Whole(context.Request.Query, "picture", 0, int.MaxValue) ?? 0;
        var (file, bytes) = await ReadAsync(id, $"picture-{number}.png", context, store, cancellationToken)
            .ConfigureAwait(false);
        return PictureTexts.Read(bytes, file.Name).Named.TryGetValue(Manifest.Key, out var manifest)
            ? TypedResults.Text(manifest, "application/json")
            : throw ApiException.NotFound("manifest in", file.Name);
    }

    private static async Task<IResult> PreviewAsync(
        string id,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        var preview =
            await store.PreviewAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw ApiException.NotFound("preview of the job", id);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Bytes(preview, "image/jpeg");
    }

    private static async Task<(JobFile File, byte[] Bytes)> ReadAsync(
        string id,
        string name,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        var files = await store.FilesAsync(id, cancellationToken).ConfigureAwait(false);
        var file =
            files.FirstOrDefault(file => file.Name == name) ?? throw ApiException.NotFound($"file of {id}", name);
        var blob =
            await store.Blobs.GetAsync(file.Sha256, cancellationToken).ConfigureAwait(false)
            ?? throw ApiException.NotFound($"file of {id}", name);
        return (file, blob.Bytes);
    }
}
