using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// How far a caller's own job is, and its end: <c>progress</c>, <c>interrupt</c>, <c>skip</c> and <c>/internal</c>.
/// A job is told by <c>id_task</c> (or <c>force_task_id</c>), which stock clients leave out: then it is the one of
/// this connection, or of this user.
/// </summary>
internal sealed class ProgressRoutes(CallerJobs callers, JobStore store)
{
    private const double Started = 0.01;
    private const string JobIdentity = "id_task";

    private static readonly PayloadSchema Task = new(
        new(JobIdentity, PayloadType.Text),
        new("force_task_id", PayloadType.Text),
        new("id_live_preview", PayloadType.Whole, -1),
        new("live_preview", PayloadType.Flag, true)
    );

    public void Map(WebUiRouter router)
    {
        router.Get("/sdapi/v1/progress", ProgressAsync);
        router.Post("/sdapi/v1/interrupt", InterruptAsync);
        router.Post("/sdapi/v1/skip", SkipAsync);
        router.Get("/internal/ping", () => new JsonObject());
        router.Get("/internal/pending-tasks", PendingAsync);
        router.Post("/internal/progress", InternalAsync);
    }

    private async Task<JsonNode?> ProgressAsync(HttpContext context)
    {
        var call = callers.Find(context, NameIn(context));
        var (done, left, job) = await HowFarAsync(call, context.RequestAborted).ConfigureAwait(false);
        var withPicture = !IsTrue(context.Request.Query["skip_current_image"].ToString());
        var preview = withPicture ? await PreviewAsync(job, context.RequestAborted).ConfigureAwait(false) : null;
        var (interrupted, skipped) = callers.MarksOf(context);
        return new JsonObject
        {
            ["progress"] = done,
            ["eta_relative"] = left,
            ["state"] = new JsonObject
            {
                ["skipped"] = call?.WasSkipped ?? skipped,
                ["interrupted"] = call?.IsInterrupted == true || interrupted,
                ["stopping_generation"] = call?.IsInterrupted == true && job?.State == JobState.Running,
                ["job"] = call?.Task ?? "",
                ["job_count"] = call?.Batches ?? 0,
                ["job_timestamp"] = (call?.Began ?? DateTimeOffset.UtcNow).ToString(
                    "yyyyMMddHHmmss",
                    CultureInfo.InvariantCulture
                ),
                ["job_no"] = call is null ? 0 : call.BatchesDone + (job?.Progress?.Batch ?? 0),
                ["sampling_step"] = job?.Progress?.Step ?? 0,
                ["sampling_steps"] = job?.Progress?.Steps ?? 0,
            },
            ["current_image"] = preview is null ? null : Convert.ToBase64String(preview),
            ["textinfo"] = job?.State == JobState.Queued ? "In queue..." : null,
        };
    }

    private async Task<JsonNode?> InterruptAsync(HttpContext context)
    {
        var name = await NameAsync(context).ConfigureAwait(false);
        var call = await RunningAsync(context, name).ConfigureAwait(false);
        callers.Mark(context, interrupted: true);
        if (call is not null)
        {
            call.IsInterrupted = true;
        }

        await CancelAsync(context, call, name).ConfigureAwait(false);
        return new JsonObject();
    }

    private async Task<JsonNode?> SkipAsync(HttpContext context)
    {
        var name = await NameAsync(context).ConfigureAwait(false);
        var call = await RunningAsync(context, name).ConfigureAwait(false);
        callers.Mark(context, interrupted: false);
        call?.Skip();
        await CancelAsync(context, call, name).ConfigureAwait(false);
        return null;
    }

    private async Task<JsonNode?> PendingAsync(HttpContext context)
    {
        var waiting = new JsonArray();
        foreach (var call in callers.Of(context))
        {
            if (
                await JobOfAsync(call, context.RequestAborted).ConfigureAwait(false)
                is not { State: not JobState.Queued }
            )
            {
                waiting.Add(call.Task);
            }
        }

        return new JsonObject { ["size"] = waiting.Count, ["tasks"] = waiting };
    }

    private async Task<JsonNode?> InternalAsync(HttpContext context)
    {
        var payload = await PayloadBody.ReadAsync(context, Task).ConfigureAwait(false);
        var name = payload.Text(JobIdentity) ?? payload.Text("force_task_id") ?? "";
        var call = callers.Find(context, name);
        var (done, left, job) = await HowFarAsync(call, context.RequestAborted).ConfigureAwait(false);
        job ??= await ByNameAsync(context, name).ConfigureAwait(false);
        // A call whose job is still on its way waits as well.
        var isQueued = job is { State: JobState.Queued } || (call is not null && job is null);
        var isActive = job is { State: JobState.Running };
        var number = job?.Progress?.Preview ?? -1;
        var preview =
            isActive && payload.Flag("live_preview") == true && number > 0 && number != payload.Whole("id_live_preview")
                ? await PreviewAsync(job, context.RequestAborted).ConfigureAwait(false)
                : null;
        return new JsonObject
        {
            ["active"] = isActive,
            ["queued"] = isQueued,
            ["completed"] = call is null && job?.IsOver == true,
            ["progress"] = isActive
                ? call is null
                    ? job!.Progress?.Done ?? 0
                    : done
                : null,
            ["eta"] = isActive ? left : null,
            ["live_preview"] = preview is null ? null : "data:image/jpeg;base64," + Convert.ToBase64String(preview),
            ["id_live_preview"] = preview is null ? payload.Whole("id_live_preview") : number,
            ["textinfo"] =
                isQueued ? "In queue..."
                : isActive ? null
                : "Waiting...",
        };
    }

    /// <summary>The share that is done, the seconds that are left, and the job that is waited for.</summary>
    private async Task<(double Done, double Left, Job? Job)> HowFarAsync(
        CallerJob? call,
        CancellationToken cancellationToken
    )
    {
        if (call is null)
        {
            return (0, 0, null);
        }

        var job = await JobOfAsync(call, cancellationToken).ConfigureAwait(false);
        var now = job?.Progress is { } progress ? progress.Done * progress.Batches : 0;
        var done = Math.Min(1, Started + (call.BatchesDone + now) / Math.Max(1, call.Batches));
        var seconds = job?.Started is { } began ? (DateTimeOffset.UtcNow - began).TotalSeconds : 0;
        return (done, Math.Max(0, seconds / done - seconds), job);
    }

    /// <summary>The call that is meant: of several, the one that is being made comes before those that wait.</summary>
    private async Task<CallerJob?> RunningAsync(HttpContext context, string? name)
    {
        var first = callers.Find(context, name);
        if (name is { Length: > 0 } || first?.Connection == context.Connection.Id)
        {
            return first;
        }

        foreach (var call in callers.Of(context))
        {
            if (await JobOfAsync(call, context.RequestAborted).ConfigureAwait(false) is { State: JobState.Running })
            {
                return call;
            }
        }

        return first;
    }

    private async Task CancelAsync(HttpContext context, CallerJob? call, string? name)
    {
        var job = call?.Job ?? (await ByNameAsync(context, name).ConfigureAwait(false))?.Id;
        if (job is not null)
        {
            if (call is not null)
            {
                call.Unfinished = await store.PreviewAsync(job, context.RequestAborted).ConfigureAwait(false);
            }

            await store.CancelAsync(job, context.Owner(), context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>A job that another front end waits for; the user's newest where it is not named.</summary>
    private async Task<Job?> ByNameAsync(HttpContext context, string? name)
    {
        if (name is { Length: > 0 })
        {
            return await store.FindByAliasAsync(name, context.Owner(), context.RequestAborted).ConfigureAwait(false);
        }

        // Callers without a name are not told from each other, and a job may be a stranger's.
        if (context.User.Identity?.IsAuthenticated != true)
        {
            return null;
        }

        var running = await store
            .ListAsync(
                new JobQuery
                {
                    Owner = context.Owner(),
                    Kind = JobKind.Generation,
                    States = [JobState.Running],
                },
                context.RequestAborted
            )
            .ConfigureAwait(false);
        return running.LastOrDefault(job => job.Alias is not null);
    }

    private Task<Job?> JobOfAsync(CallerJob call, CancellationToken cancellationToken) =>
        call.Job is { } job
            ? store.FindAsync(job, call.Caller.Owner, cancellationToken)
            : System.Threading.Tasks.Task.FromResult<Job?>(null);

    private async Task<byte[]?> PreviewAsync(Job? job, CancellationToken cancellationToken) =>
        job is null ? null : await store.PreviewAsync(job.Id, cancellationToken).ConfigureAwait(false);

    private static string? NameIn(HttpContext context) =>
        new[] { JobIdentity, "force_task_id" }
            .Select(key => context.Request.Query[key].ToString())
            .FirstOrDefault(value => value.Length > 0);

    /// <summary>The job that a body or an address names; clients send neither, or a body that is none.</summary>
    private static async Task<string?> NameAsync(HttpContext context)
    {
        if (NameIn(context) is { } name)
        {
            return name;
        }

        try
        {
            return
                await PayloadBody.ReadAsync(context).ConfigureAwait(false) is { ValueKind: JsonValueKind.Object } body
                ? Task.Read(body, [], "body") is var read
                    ? read.Text(JobIdentity) ?? read.Text("force_task_id")
                    : null
                : null;
        }
        catch (WebUiException)
        {
            return null;
        }
    }

    private static bool IsTrue(string text) => text is "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase);
}
