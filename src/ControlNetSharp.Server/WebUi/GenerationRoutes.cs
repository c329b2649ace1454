using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>What the jobs of a call made.</summary>
internal sealed record GenerationOutcome
{
    /// <summary>The pictures (PNG), with the seed of each.</summary>
    public List<(byte[] File, long Seed)> Pictures { get; } = [];

    /// <summary>The hints (PNG) by the names of their files.</summary>
    public Dictionary<string, byte[]> Hints { get; } = new(StringComparer.Ordinal);

    /// <summary>What the jobs warned of.</summary>
    public List<JobWarning> Warnings { get; } = [];

    /// <summary>When the first one began.</summary>
    public DateTimeOffset Began { get; } = DateTimeOffset.UtcNow;
}

/// <summary><c>txt2img</c> and <c>img2img</c>: they wait for the jobs that they hand in.</summary>
internal sealed class GenerationRoutes(GenerationPlanner planner, CallerJobs callers, JobDesk desk, JobStore store)
{
    private const int TaskLength = 7;
    private const string TaskLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    public void Map(WebUiRouter router)
    {
        router.Post("/sdapi/v1/txt2img", context => AnswerAsync(context, isImg2Img: false));
        router.Post("/sdapi/v1/img2img", context => AnswerAsync(context, isImg2Img: true));
    }

    private async Task<JsonNode?> AnswerAsync(HttpContext context, bool isImg2Img)
    {
        if (await PayloadBody.ReadAsync(context).ConfigureAwait(false) is not { } body)
        {
            throw WebUiException.Validation([new FieldError(["body"], "field required", "value_error.missing")]);
        }

        var plan = Planned(body, isImg2Img);
        var task = plan.Payload.Text("force_task_id") is { Length: > 0 } forced
            ? forced
            : $"task({(isImg2Img ? "img2img" : "txt2img")}-{RandomNumberGenerator.GetString(TaskLetters, TaskLength)})";
        var call = callers.Begin(context, task, plan.Batches);
        try
        {
            var outcome = new GenerationOutcome();
            foreach (var request in plan.Requests.TakeWhile(_ => !call.IsInterrupted))
            {
                await MakeAsync(context, plan, request, call, outcome).ConfigureAwait(false);
            }

            return GenerationAnswer.Of(plan, outcome);
        }
        finally
        {
            callers.End(call);
        }
    }

    private GenerationPlan Planned(JsonElement body, bool isImg2Img)
    {
        try
        {
            return planner.Plan(body, isImg2Img);
        }
        catch (RequestException e)
        {
            throw MemberNames.Error(e, [])!;
        }
    }

    /// <summary>Makes a request's batches; where one is skipped, those behind it are a job of their own.</summary>
    private async Task MakeAsync(
        HttpContext context,
        GenerationPlan plan,
        GenerationRequest request,
        CallerJob call,
        GenerationOutcome outcome
    )
    {
        for (GenerationRequest? rest = request; rest is not null && !call.IsInterrupted; )
        {
            var job = await WaitAsync(context, plan, rest, call).ConfigureAwait(false);
            var files = await store.FilesAsync(job.Id, context.RequestAborted).ConfigureAwait(false);
            var pictures = files.Where(file => file.Role == JobFileRole.Picture).ToList();
            foreach (var (k, file) in pictures.Index())
            {
                outcome.Pictures.Add((await BytesAsync(file, context).ConfigureAwait(false), rest.Seed!.Value + k));
            }

            foreach (
                var file in files.Where(file =>
                    file.Role != JobFileRole.Picture && !outcome.Hints.ContainsKey(file.Name)
                )
            )
            {
                outcome.Hints[file.Name] = await BytesAsync(file, context).ConfigureAwait(false);
            }

            outcome.Warnings.AddRange(job.Warnings);
            if (job.State == JobState.Cancelled && call.Unfinished is { } unfinished)
            {
                outcome.Pictures.Add((Enlarged(unfinished, rest), rest.Seed!.Value + pictures.Count));
                call.Unfinished = null;
            }

            var over = pictures.Count / rest.Batch + (job.State == JobState.Cancelled ? 1 : 0);
            call.BatchesDone += over;
            var goesOn = job.State == JobState.Cancelled && call.TakeSkip() && over < rest.Count;
            rest = goesOn ? rest with { Seed = rest.Seed + (long)over * rest.Batch, Count = rest.Count - over } : null;
        }
    }

    private async Task<Job> WaitAsync(
        HttpContext context,
        GenerationPlan plan,
        GenerationRequest request,
        CallerJob call
    )
    {
        var aborted = context.RequestAborted;
        Submission submission;
        try
        {
            submission = await desk.SubmitAsync(request, new JobTerms(context.Owner()) { Alias = call.Task }, aborted)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (MemberNames.Error(e, plan.Units) is not null)
        {
            throw MemberNames.Error(e, plan.Units)!;
        }

        call.Job = submission.Job.Id;
        try
        {
            if (call.IsInterrupted)
            {
                // It was asked for while the job was on its way.
                await store.CancelAsync(call.Job, null, aborted).ConfigureAwait(false);
            }

            var job =
                await store.WaitAsync(call.Job, aborted).ConfigureAwait(false)
                ?? throw WebUiException.Python("RuntimeError", "The job was deleted before it was over.");
            return job.State == JobState.Failed ? throw MemberNames.Error(job.Error!, plan.Units) : job;
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // Whoever hung up wants no picture any more.
            await store.CancelAsync(call.Job, null, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The first picture of a batch that was not finished, as far as it could be seen, in its size.</summary>
    private static byte[] Enlarged(byte[] preview, GenerationRequest request)
    {
        var size = request.Size!.Value;
        var result = request.Hires?.SizeOf(size) ?? size;
        var picture = PictureSource.FromBytes(preview).Read();
        return PictureWriter.EncodePng(
            PictureUpscalers.Resize(picture, PictureUpscalers.None, result.Width, result.Height)
        );
    }

    private async Task<byte[]> BytesAsync(JobFile file, HttpContext context) =>
        (await store.Blobs.GetAsync(file.Sha256, context.RequestAborted).ConfigureAwait(false))?.Bytes
        ?? throw WebUiException.Python("FileNotFoundError", $"{file.Name} is not there any more.");
}
