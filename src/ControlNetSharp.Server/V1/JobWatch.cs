using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.V1;

/// <summary>
/// Looks at jobs whenever one changes and tells what is new. It ends with the call, or when the server stops: who
/// listens comes back by itself. For one listener.
/// </summary>
internal sealed class JobWatch(JobStore store, JobViews views, string owner)
{
    private const string JobEvent = "job";
    private const string SilenceEvent = "ping";
    private const int MostOpen = 500;
    private const int Latest = 100;

    /// <summary>
    /// Changes that come together are told together. Workers tell of steps less often anyway; the end of a job that
    /// somebody draws by must not wait.
    /// </summary>
    private static readonly TimeSpan LeastBetween = TimeSpan.FromMilliseconds(20);

    /// <summary>What stands between the two may close a connection on which nothing comes.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    /// <summary>What was told last of each job that was not over then.</summary>
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);

    /// <summary>Jobs of which there is nothing more to tell.</summary>
    private readonly HashSet<string> _over = new(StringComparer.Ordinal);

    /// <summary>A job now and at each change, until it is over or deleted.</summary>
    public IAsyncEnumerable<SseItem<string>> OneAsync(string id, CancellationToken stopping) =>
        WatchAsync(
            token => store.NextChangeAsync(id, token),
            async token => await store.FindAsync(id, owner, token).ConfigureAwait(false) is { } job ? [job] : [],
            jobs => jobs is [] or [{ IsOver: true }],
            stopping
        );

    /// <summary>All unfinished jobs of the owner now, and each change of any.</summary>
    public async IAsyncEnumerable<SseItem<string>> AllAsync(
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var latest = await ListAsync([], Latest, cancellationToken).ConfigureAwait(false);
        _over.UnionWith(latest.Where(job => job.IsOver).Select(job => job.Id));
        var news = WatchAsync(store.NextChangeOfAnyAsync, LookAsync, _ => false, stopping);
        await foreach (var item in news.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return item;
        }
    }

    private async IAsyncEnumerable<SseItem<string>> WatchAsync(
        Func<CancellationToken, Task> nextChange,
        Func<CancellationToken, Task<IReadOnlyList<Job>>> look,
        Func<IReadOnlyList<Job>, bool> isLast,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        // The answer's head goes out with the first word, and who listens waits for it.
        long? lastWord = null;
        while (!stop.IsCancellationRequested)
        {
            var next = nextChange(stop.Token);
            var jobs = await look(cancellationToken).ConfigureAwait(false);
            foreach (var text in await NewsAsync(jobs, cancellationToken).ConfigureAwait(false))
            {
                lastWord = Stopwatch.GetTimestamp();
                yield return new SseItem<string>(text, JobEvent);
            }

            if (isLast(jobs))
            {
                yield break;
            }

            if (lastWord is not { } last || Stopwatch.GetElapsedTime(last) > LongestSilence)
            {
                lastWord = Stopwatch.GetTimestamp();
                yield return new SseItem<string>("", SilenceEvent);
            }

            await Task.WhenAll(next, Task.Delay(LeastBetween, stop.Token))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The jobs that are not as they were told, as JSON.</summary>
    private async Task<IReadOnlyList<string>> NewsAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        Job[] open = [.. jobs.Where(job => !_over.Contains(job.Id))];
        var news = new List<string>();
        foreach (var (job, view) in open.Zip(await views.OfAsync(open, cancellationToken).ConfigureAwait(false)))
        {
            var text = V1Json.Text(view);
            if (_told.GetValueOrDefault(job.Id) != text)
            {
                news.Add(text);
            }

            _told[job.Id] = text;
            if (job.IsOver)
            {
                _told.Remove(job.Id);
                _over.Add(job.Id);
            }
        }

        _over.IntersectWith(jobs.Select(job => job.Id));
        return news;
    }

    /// <summary>The latest jobs, older ones that are not over, and those that were not over a moment ago.</summary>
    private async Task<IReadOnlyList<Job>> LookAsync(CancellationToken cancellationToken)
    {
        var latest = await ListAsync([], Latest, cancellationToken).ConfigureAwait(false);
        var open = await ListAsync([JobState.Queued, JobState.Running], MostOpen, cancellationToken)
            .ConfigureAwait(false);
        var jobs = latest.Concat(open).DistinctBy(job => job.Id, StringComparer.Ordinal).ToList();
        foreach (var id in _told.Keys.Except(jobs.Select(job => job.Id), StringComparer.Ordinal).ToList())
        {
            if (await store.FindAsync(id, owner, cancellationToken).ConfigureAwait(false) is { } job)
            {
                jobs.Add(job);
            }
            else
            {
                _told.Remove(id);
            }
        }

        // As they were handed in.
        return [.. jobs.OrderBy(job => job.Id, StringComparer.Ordinal)];
    }

    private Task<IReadOnlyList<Job>> ListAsync(
        IReadOnlyList<JobState> states,
        int limit,
        CancellationToken cancellationToken
    ) =>
        store.ListAsync(
            new JobQuery
            {
                Owner = owner,
                States = states,
                Limit = limit,
            },
            cancellationToken
        );
}
