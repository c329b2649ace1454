using System.Data.Common;
using System.Diagnostics;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Operation;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// One device's worker: claims a job, has it done, tells how far it is, and brings the result home. It lives on
/// whatever a job does, and whether the database is there or not.
/// </summary>
internal sealed partial class JobWorker(
    JobStore store,
    ControlNetEngine engine,
    IEnumerable<IJobHandler> handlers,
    WorkerSettings settings,
    ServerSettings server,
    Measures measures,
    ILogger<JobWorker> logger
) : BackgroundService
{
    private const int PreviewQuality = 85;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastBetweenBeats = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NamesAge = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, IJobHandler> _handlers = handlers.ToDictionary(
        handler => handler.Kind,
        StringComparer.Ordinal
    );

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The caller waits for the first await: a host must not wait for a database.
        await Task.Yield();
        var present = StayPresentAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var next = store.Queue.NextWorkAsync(stoppingToken);
                if (await store.Queue.ClaimAsync(settings.Name, stoppingToken).ConfigureAwait(false) is { } claimed)
                {
                    await DoAsync(claimed, stoppingToken).ConfigureAwait(false);
                }
                else
                {
                    await next.ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (DbException e)
            {
                LogNoDatabase(e.Message);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await present.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await TellAsync(() => store.Queue.UnregisterAsync(settings.Name, CancellationToken.None)).ConfigureAwait(false);
    }

    /// <summary>Files come and go while the worker runs; and a long job must not look like silence.</summary>
    private async Task StayPresentAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await store
                    .Queue.RegisterAsync(
                        settings.Name,
                        WorkerNames.Of(engine.Models, _handlers.Keys),
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is DbException or IOException)
            {
                LogNoDatabase(e.Message);
            }

            await Task.Delay(NamesAge, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DoAsync(ClaimedJob claimed, CancellationToken leaving)
    {
        var (id, attempt) = (claimed.Job.Id, claimed.Job.Attempt);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(leaving);
        using var over = new CancellationTokenSource();
        var report = new JobReport();
        using var trace = Measures.Traces.StartActivity($"job {claimed.Job.Kind}", ActivityKind.Consumer);
        trace?.SetTag("job.id", id).SetTag("job.attempt", attempt);
        var clock = Stopwatch.GetTimestamp();
        var beating = BeatAsync(claimed.Job, report, stop, over.Token);
        LogStarted(id, claimed.Job.Kind, attempt, server.LogPrompts ? claimed.Job.Title : "");
        Func<Task> end;
        string outcome;
        try
        {
            var result = await _handlers[claimed.Job.Kind].RunAsync(claimed, report, stop.Token).ConfigureAwait(false);
            end = () => store.Queue.FinishAsync(id, attempt, result);
            outcome = "done";
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            end = () => store.Queue.ReleaseAsync(id, attempt);
            outcome = "released";
        }
        catch (OperationCanceledException)
        {
            end = () => store.Queue.FinishAsync(id, attempt, new JobResult(report.Partial, []), JobState.Cancelled);
            outcome = "cancelled";
        }
#pragma warning disable CA1031 // Whatever went wrong with a job is written down; the worker goes on with the next.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var error = JobFailure.Of(e);
            LogFailure(e, id, error);
            end = () => store.Queue.FailAsync(id, attempt, error, JobFailure.MayTryAgain(e));
            outcome = error.Code;
        }

        await over.CancelAsync().ConfigureAwait(false);
        var last = await beating.ConfigureAwait(false);
        if (last == BeatAnswer.Lost)
        {
            outcome = "lost";
        }
        else
        {
            await TellAsync(end).ConfigureAwait(false);
        }

        var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        measures.End(claimed.Job.Kind, outcome, seconds);
        trace?.SetTag("job.end", outcome);
        LogEnded(id, outcome, seconds);
    }

    /// <summary>What a caller did wrong may repeat the prompt; what we did wrong has a place in the program.</summary>
    private void LogFailure(Exception exception, string job, JobError error)
    {
        if (JobFailure.IsCallers(exception))
        {
            LogRefused(job, error.Code, server.LogPrompts ? error.Message : "");
        }
        else
        {
            LogFailed(exception, job);
        }
    }

    /// <summary>
    /// Tells each progress, at most ten times a second, and at least three times a lease that it lives.
    /// </summary>
    private async Task<BeatAnswer> BeatAsync(
        Job job,
        JobReport report,
        CancellationTokenSource stop,
        CancellationToken over
    )
    {
        var answer = BeatAnswer.GoOn;
        while (!over.IsCancellationRequested && answer == BeatAnswer.GoOn)
        {
            var news = report.News;
            try
            {
                var (progress, preview) = report.Take();
                answer = await store
                    .Queue.BeatAsync(
                        job.Id,
                        job.Attempt,
                        progress,
                        preview is null ? null : PictureWriter.EncodeJpeg(preview, PreviewQuality),
                        over
                    )
                    .ConfigureAwait(false);
                await Task.Delay(LeastBetweenBeats, over).ConfigureAwait(false);
                await news.WaitAsync(store.Options.Lease / 3, over).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Nothing new; alive all the same.
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (DbException e)
            {
                LogNoDatabase(e.Message);
                await Task.Delay(Pause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (answer != BeatAnswer.GoOn)
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }

        return answer;
    }

    /// <summary>
    /// Tells the store what became of a job, again and again while the database is away: the work is done, and the
    /// fence keeps it right however long it takes.
    /// </summary>
    private async Task TellAsync(Func<Task> tell)
    {
        const int mostTries = 60;
        for (var left = mostTries; left > 0; left--)
        {
            try
            {
                await tell().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is DbException or IOException)
            {
                LogNoDatabase(e.Message);
                await Task.Delay(Pause).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Job {Job} ({Kind}) started, attempt {Attempt} {Prompt}")]
    private partial void LogStarted(string job, string kind, int attempt, string prompt);

    [LoggerMessage(LogLevel.Information, "Job {Job} ended: {Outcome} after {Seconds:0.000} s")]
    private partial void LogEnded(string job, string outcome, double seconds);

    [LoggerMessage(LogLevel.Information, "Job {Job} is refused: {Code} {Reason}")]
    private partial void LogRefused(string job, string code, string reason);

    [LoggerMessage(LogLevel.Warning, "Job {Job} failed")]
    private partial void LogFailed(Exception exception, string job);

    [LoggerMessage(LogLevel.Warning, "The database or the results folder is away: {Reason}")]
    private partial void LogNoDatabase(string reason);
}
