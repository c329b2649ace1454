using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.V1;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.OpenAi;

/// <summary>
/// Hands a request in, waits for its pictures and answers with them. A caller who leaves ends the job.
/// </summary>
internal sealed class ImageDesk(JobStore store, JobDesk desk, JobViews views)
{
    private const int BestQuality = 100;

    /// <summary>The answer to a request: all pictures, or a stream of them.</summary>
    /// <param name="context">The call.</param>
    /// <param name="asked">What was asked for.</param>
    /// <param name="request">The same as our request.</param>
    /// <param name="events">How events of a stream begin: <c>image_generation</c> or <c>image_edit</c>.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    public async Task<IResult> AnswerAsync(
        HttpContext context,
        ImageRequest asked,
        GenerationRequest request,
        string events,
        CancellationToken cancellationToken
    )
    {
        var terms = SubmissionRoutes.TermsOf(context);
        var job = (await desk.SubmitAsync(request, terms, cancellationToken).ConfigureAwait(false)).Job;
        if (asked.Stream == true)
        {
            // The answer itself cancels it when the caller leaves.
            return TypedResults.ServerSentEvents(StreamAsync(job, asked, events, CancellationToken.None));
        }

        var over = await WaitAsync(job, cancellationToken).ConfigureAwait(false);
        var pictures = new List<(FileView File, byte[] Bytes)>();
        foreach (var file in await PicturesAsync(over, cancellationToken).ConfigureAwait(false))
        {
            pictures.Add((file, await BytesAsync(file, asked, cancellationToken).ConfigureAwait(false)));
        }

        var here = $"{context.Request.Scheme}://{context.Request.Host}";
        return TypedResults.Json(
            new ImageList(
                DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
                [
                    .. pictures.Select(picture =>
                        asked.AsUrl
                            ? new ImageData { Url = here + picture.File.Url, Seed = picture.File.Seed }
                            : new ImageData { Bytes = picture.Bytes, Seed = picture.File.Seed }
                    ),
                ],
                SizeOf(pictures[0].Bytes),
                asked.Format
            ),
            OpenAiJson.Default.ImageList
        );
    }

    private async IAsyncEnumerable<SseItem<string>> StreamAsync(
        Job job,
        ImageRequest asked,
        string events,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var (partial, lastSeen) = (0, 0);
        var wanted = asked.PartialImages ?? 0;
        Job? now = job;
        try
        {
            while (now is { IsOver: false })
            {
                var next = store.NextChangeAsync(job.Id, cancellationToken);
                now = await store.FindAsync(job.Id, job.Owner, cancellationToken).ConfigureAwait(false);
                if (
                    now is { IsOver: false, Progress: { } progress }
                    && progress.Preview > lastSeen
                    && partial < wanted
                    && progress.Done >= (partial + 1.0) / (wanted + 1)
                    && await store.PreviewAsync(job.Id, cancellationToken).ConfigureAwait(false) is { } preview
                )
                {
                    lastSeen = progress.Preview;
                    yield return Event(events + ".partial_image", Encoded(preview, asked), asked, partial++, null);
                }

                await next.ConfigureAwait(false);
            }
        }
        finally
        {
            // Where the caller left; a job that is over stays as it is.
            await store.CancelAsync(job.Id, job.Owner, CancellationToken.None).ConfigureAwait(false);
        }

        if (Problem(now) is { } problem)
        {
            var error = ErrorWriter.Of(problem.Code, problem.Message, problem.Member, problem.Status);
            yield return new SseItem<string>(
                JsonSerializer.Serialize(new ImageFailure(error) { Type = "error" }, OpenAiJson.Default.ImageFailure),
                "error"
            );
            yield break;
        }

        foreach (var file in await PicturesAsync(now!, cancellationToken).ConfigureAwait(false))
        {
            var bytes = await BytesAsync(file, asked, cancellationToken).ConfigureAwait(false);
            yield return Event(events + ".completed", bytes, asked, null, file.Seed);
        }
    }

    private async Task<Job> WaitAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var over = await store.WaitAsync(job.Id, cancellationToken).ConfigureAwait(false);
            return Problem(over) is { } problem ? throw problem : over!;
        }
        catch (OperationCanceledException)
        {
            await store.CancelAsync(job.Id, job.Owner, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Why a job that is over has no pictures; null where it has.</summary>
    private static ApiException? Problem(Job? job) =>
        job switch
        {
            { State: JobState.Done } => null,
            { Error: { } error } => new ApiException(
                JobFailure.IsCallers(error)
                    ? StatusCodes.Status422UnprocessableEntity
                    : StatusCodes.Status500InternalServerError,
                error.Code,
                error.Message,
                error.Member
            ),
            _ => new ApiException(StatusCodes.Status409Conflict, "cancelled", "Somebody cancelled this job."),
        };

    private async Task<IReadOnlyList<FileView>> PicturesAsync(Job job, CancellationToken cancellationToken)
    {
        var view = await views.OfAsync(job, cancellationToken).ConfigureAwait(false);
        return [.. (view.Files ?? []).Where(file => file.Role == JobFileRole.Picture)];
    }

    private async Task<byte[]> BytesAsync(FileView file, ImageRequest asked, CancellationToken cancellationToken)
    {
        var (bytes, _) =
            await store.Blobs.GetAsync(file.Sha256, cancellationToken).ConfigureAwait(false)
            ?? throw ApiException.NotFound("file", file.Name);
        return Encoded(bytes, asked);
    }

    /// <summary>A picture in the format that was asked for; a PNG of ours stays as it is, with its manifest.</summary>
    private static byte[] Encoded(byte[] file, ImageRequest asked)
    {
        // Skia's scale begins at 1.
        var quality = Math.Max(1, asked.OutputCompression ?? BestQuality);
        return asked.Format switch
        {
            "jpeg" => PictureWriter.EncodeJpeg(PictureReader.Read(file), quality),
            "webp" => PictureWriter.EncodeWebP(PictureReader.Read(file), quality),
            _ => PictureSignature.FormatOf(file) == "PNG" ? file : PictureWriter.EncodePng(PictureReader.Read(file)),
        };
    }

    private static SseItem<string> Event(string type, byte[] bytes, ImageRequest asked, int? partial, long? seed) =>
        new(
            JsonSerializer.Serialize(
                new ImageEvent(type, bytes, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), SizeOf(bytes), asked.Format)
                {
                    PartialImageIndex = partial,
                    Seed = seed,
                },
                OpenAiJson.Default.ImageEvent
            ),
            type
        );

    private static string SizeOf(byte[] file) =>
        PictureReader.SizeOf(file) is var (width, height) ? new PictureSize(width, height).ToString() : "";
}
