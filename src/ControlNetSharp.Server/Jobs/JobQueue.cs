using System.Data.Common;
using Dapper;

namespace ControlNetSharp.Server.Jobs;

/// <summary>What workers do with the queue: claim with a lease, give signs of life, finish.</summary>
/// <remarks>
/// Every write of a worker carries the attempt that it was given: once its lease ran out and another has the job, it
/// changes nothing any more.
/// </remarks>
public sealed class JobQueue
{
    private const string IsHeld = "id = @job and attempt = @attempt and state = 'running'";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly JobDatabase _database;
    private readonly BlobStore _blobs;
    private readonly JobStoreOptions _options;
    private readonly string _now;

    internal JobQueue(JobDatabase database, BlobStore blobs, JobStoreOptions options) =>
        (_database, _blobs, _options, _now) = (database, blobs, options, database.Dialect.Now);

    private string IsAlive => $"w.seen > {_now} - {(long)_options.WorkerSilence.TotalMilliseconds}";

    private long Lease => (long)_options.Lease.TotalMilliseconds;

    /// <summary>A worker is there, and this is what it has.</summary>
    /// <param name="worker">Its identity, unlike all others.</param>
    /// <param name="names">Names as jobs need them.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    public Task RegisterAsync(
        string worker,
        IEnumerable<string> names,
        CancellationToken cancellationToken = default
    ) =>
        _database.WriteAsync(
            async t =>
            {
                await SeenAsync(t, worker).ConfigureAwait(false);
                await t.ExecuteAsync("delete from worker_names where worker = @worker", new { worker })
                    .ConfigureAwait(false);
                return await t.ExecuteAsync(
                        "insert into worker_names (worker, name) values (@worker, @name)",
                        names.Distinct(StringComparer.Ordinal).Select(name => new { worker, name })
                    )
                    .ConfigureAwait(false);
            },
            cancellationToken
        );

    /// <summary>A worker leaves.</summary>
    public Task UnregisterAsync(string worker, CancellationToken cancellationToken = default) =>
        _database.WriteAsync(
            t =>
                t.ExecuteAsync(
                    "delete from worker_names where worker = @worker; delete from workers where id = @worker",
                    new { worker }
                ),
            cancellationToken
        );

    /// <summary>The workers that were heard of lately, with what they have.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> WorkersAsync(
        CancellationToken cancellationToken = default
    )
    {
        var rows = await _database
            .ReadAsync(
                connection =>
                    connection.QueryAsync<(string Worker, string? Name)>(
                        $"""
                        select w.id, n.name from workers w
                        left join worker_names n on n.worker = w.id where {IsAlive}
                        """
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return rows.GroupBy(row => row.Worker, row => row.Name, StringComparer.Ordinal)
            .ToDictionary(
                worker => worker.Key,
                IReadOnlyList<string> (worker) => [.. worker.OfType<string>()],
                StringComparer.Ordinal
            );
    }

    /// <summary>
    /// Ends when there may be work, a second has passed, or it is cancelled. To be asked for before
    /// <see cref="ClaimAsync"/>, so that no work falls between.
    /// </summary>
    public Task NextWorkAsync(CancellationToken cancellationToken = default) =>
        JobChanges.WaitAsync(_database.Changes.Next(JobChanges.Queue), LongestWait, cancellationToken);

    /// <summary>
    /// Gives a worker the next job that it has everything for: of the owner who was served longest ago, the one with
    /// the highest priority, then the oldest. Null where there is none. Also a sign of life of the worker.
    /// </summary>
    public Task<ClaimedJob?> ClaimAsync(string worker, CancellationToken cancellationToken = default) =>
        _database.WriteAsync(
            async t =>
            {
                await SeenAsync(t, worker).ConfigureAwait(false);
                await ExpireAsync(t).ConfigureAwait(false);
                var id = await NextAsync(t, worker).ConfigureAwait(false);
                if (id is null)
                {
                    return null;
                }

                var row = await t.FirstAsync<JobRow>(
                        $"""
                        update jobs set state = 'running', attempt = attempt + 1, tries = tries + 1, worker = @worker,
                            started = coalesce(started, {_now}), lease_until = {_now} + @Lease
                        where id = @id returning {JobRow.Columns}
                        """,
                        new
                        {
                            id,
                            worker,
                            Lease,
                        }
                    )
                    .ConfigureAwait(false);
                await t.ExecuteAsync(
                        """
                        insert into owners (owner, served)
                        select @Owner, coalesce(max(served), 0) + 1 from owners where true
                        on conflict (owner) do update set served = excluded.served
                        """,
                        new { row!.Owner }
                    )
                    .ConfigureAwait(false);
                var payload = await t.FirstAsync<byte[]>("select body from payloads where job = @id", new { id })
                    .ConfigureAwait(false);
                await t.ChangedAsync(id).ConfigureAwait(false);
                return new ClaimedJob(row.ToJob(), payload!);
            },
            cancellationToken
        );

    /// <summary>Progress, sign of life, and whether to go on, in one statement.</summary>
    /// <param name="job">The job's identity.</param>
    /// <param name="attempt">What it was claimed with.</param>
    /// <param name="progress">How far it is.</param>
    /// <param name="preview">A picture of it so far (JPEG); null to keep the last one.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    public Task<BeatAnswer> BeatAsync(
        string job,
        int attempt,
        JobProgress progress,
        byte[]? preview = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(progress);
        return _database.WriteAsync(
            async t =>
            {
                var cancelling = await t.FirstAsync<long?>(
                        $"""
                        update jobs set lease_until = {_now} + @Lease, progress = @progress
                        where {IsHeld} returning cancelling
                        """,
                        new
                        {
                            job,
                            attempt,
                            progress = JobRow.Text(progress),
                            Lease,
                        }
                    )
                    .ConfigureAwait(false);
                if (cancelling is null)
                {
                    return BeatAnswer.Lost;
                }

                if (preview is not null)
                {
                    await t.ExecuteAsync(
                            """
                            insert into previews (job, body) values (@job, @preview)
                            on conflict (job) do update set body = excluded.body
                            """,
                            new { job, preview }
                        )
                        .ConfigureAwait(false);
                }

                await t.ChangedAsync(job).ConfigureAwait(false);
                return cancelling == 0 ? BeatAnswer.GoOn : BeatAnswer.Cancelled;
            },
            cancellationToken,
            mustLast: false
        );
    }

    /// <summary>The job is done, or was cancelled with what there was of it.</summary>
    /// <returns>False where the job is another's by now: nothing was written.</returns>
    public async Task<bool> FinishAsync(
        string job,
        int attempt,
        JobResult result,
        JobState state = JobState.Done,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(result);
        var files = new List<JobFile>();
        foreach (var file in result.Files)
        {
            var sha256 = await _blobs.KeepFileAsync(file.Bytes, cancellationToken).ConfigureAwait(false);
            files.Add(new JobFile(file.Name, file.Role, file.MediaType, file.Bytes.Length, sha256));
        }

        return await _database
            .WriteAsync(
                async t =>
                {
                    foreach (var (file, made) in files.Zip(result.Files))
                    {
                        await _blobs.AddAsync(t, file.Sha256, made.Bytes, file.MediaType).ConfigureAwait(false);
                    }

                    return await EndAsync(t, job, attempt, result, files, state).ConfigureAwait(false);
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>The job did not succeed.</summary>
    /// <param name="job">The job's identity.</param>
    /// <param name="attempt">What it was claimed with.</param>
    /// <param name="error">Why.</param>
    /// <param name="mayTryAgain">Whether the same may work another time: then it waits again, up to a bound.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    /// <returns>False where the job is another's by now: nothing was written.</returns>
    public Task<bool> FailAsync(
        string job,
        int attempt,
        JobError error,
        bool mayTryAgain,
        CancellationToken cancellationToken = default
    ) =>
        _database.WriteAsync(
            async t =>
            {
                var isAgain = mayTryAgain ? "tries < @MostTries and cancelling = 0" : "false";
                var changed = await t.ExecuteAsync(
                        $"""
                        update jobs set error = @error, lease_until = null,
                            state = case when {isAgain} then 'queued' else 'failed' end,
                            finished = case when {isAgain} then null else {_now} end
                        where {IsHeld}
                        """,
                        new
                        {
                            job,
                            attempt,
                            error = JobRow.Text(error),
                            _options.MostTries,
                        }
                    )
                    .ConfigureAwait(false);
                await t.ChangedAsync(job).ConfigureAwait(false);
                await t.ChangedAsync(JobChanges.Queue).ConfigureAwait(false);
                return changed > 0;
            },
            cancellationToken
        );

    /// <summary>A worker that must leave gives its job back; it does not count as a try.</summary>
    public Task ReleaseAsync(string job, int attempt, CancellationToken cancellationToken = default) =>
        _database.WriteAsync(
            async t =>
            {
                var changed = await t.ExecuteAsync(
                        $"""
                        update jobs set tries = tries - 1, lease_until = null, progress = null,
                            state = case when cancelling = 1 then 'cancelled' else 'queued' end,
                            finished = case when cancelling = 1 then {_now} end
                        where {IsHeld}
                        """,
                        new { job, attempt }
                    )
                    .ConfigureAwait(false);
                await t.ChangedAsync(job).ConfigureAwait(false);
                await t.ChangedAsync(JobChanges.Queue).ConfigureAwait(false);
                return changed;
            },
            cancellationToken
        );

    /// <summary>
    /// Refuses a job, whose needs are written down already, where workers are there and none has all of them. Where no
    /// worker is there at all, one may still come.
    /// </summary>
    internal async Task RequireWorkerAsync(JobTransaction t, string job)
    {
        var workers = await t.AllAsync<string>($"select w.id from workers w where {IsAlive}").ConfigureAwait(false);
        var missing = await t.AllAsync<(string Worker, string Name)>(
                $"""
                select w.id, n.name from workers w cross join job_needs n
                where {IsAlive} and n.job = @job and not exists (
                    select 1 from worker_names m where m.worker = w.id and m.name = n.name)
                """,
                new { job }
            )
            .ConfigureAwait(false);
        var lacks = missing.ToLookup(row => row.Worker, row => row.Name, StringComparer.Ordinal);
        if (workers.Count > 0 && workers.TrueForAll(lacks.Contains))
        {
            throw new NoWorkerException([.. lacks.MinBy(worker => worker.Count())!]);
        }
    }

    /// <summary>Gives back the jobs of workers that were silent too long, and forgets those workers.</summary>
    internal Task SweepAsync(CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async t =>
            {
                await ExpireAsync(t).ConfigureAwait(false);
                return await t.ExecuteAsync(
                        $"""
                        delete from worker_names where worker in (select w.id from workers w where not {IsAlive});
                        delete from workers where id in (select w.id from workers w where not {IsAlive})
                        """
                    )
                    .ConfigureAwait(false);
            },
            cancellationToken
        );

    private static Task<string?> NextAsync(JobTransaction t, string worker) =>
        t.FirstAsync<string>(
            $"""
            select j.id from jobs j left join owners o on o.owner = j.owner
            where j.state = 'queued' and not exists (
                select 1 from job_needs n where n.job = j.id and not exists (
                    select 1 from worker_names w where w.worker = @worker and w.name = n.name))
            order by coalesce(o.served, 0), j.owner, j.priority desc, j.id limit 1
            """,
            new { worker }
        );

    private Task<int> SeenAsync(JobTransaction t, string worker) =>
        t.ExecuteAsync(
            $"""
            insert into workers (id, seen) values (@worker, {_now})
            on conflict (id) do update set seen = excluded.seen
            """,
            new { worker }
        );

    private async Task ExpireAsync(JobTransaction t)
    {
        var error = new JobError(
            "worker_lost",
            $"The worker was lost {_options.MostTries} times while it made this; it is not tried again."
        );
        var expired = await t.AllAsync<string>(
                $"""
                update jobs set lease_until = null, progress = null,
                    error = case when cancelling = 0 and tries >= @MostTries then @error else error end,
                    finished = case when cancelling = 1 or tries >= @MostTries then {_now} end,
                    state = case when cancelling = 1 then 'cancelled'
                        when tries >= @MostTries then 'failed' else 'queued' end
                where state = 'running' and lease_until < {_now} returning id
                """,
                new { _options.MostTries, error = JobRow.Text(error) }
            )
            .ConfigureAwait(false);
        foreach (var id in expired)
        {
            await t.ChangedAsync(id).ConfigureAwait(false);
        }
    }

    private async Task<bool> EndAsync(
        JobTransaction t,
        string job,
        int attempt,
        JobResult result,
        List<JobFile> files,
        JobState state
    )
    {
        var changed = await t.ExecuteAsync(
                $"""
                update jobs set state = @state, finished = {_now}, lease_until = null, error = null,
                    warnings = @warnings, facts = @facts where {IsHeld}
                """,
                new
                {
                    job,
                    attempt,
                    state = JobRow.Word(state),
                    warnings = JobRow.Text(result.Warnings),
                    facts = result.Facts?.ToJsonString(),
                }
            )
            .ConfigureAwait(false);
        if (changed == 0)
        {
            return false;
        }

        await t.ExecuteAsync(
                """
                insert into job_files (job, ordinal, name, role, media_type, size, sha256)
                values (@job, @Index, @Name, @Role, @MediaType, @Size, @Sha256)
                """,
                files
                    .Index()
                    .Select(file => new
                    {
                        job,
                        file.Index,
                        file.Item.Name,
                        file.Item.Role,
                        file.Item.MediaType,
                        file.Item.Size,
                        file.Item.Sha256,
                    })
            )
            .ConfigureAwait(false);
        await t.ExecuteAsync("delete from previews where job = @job", new { job }).ConfigureAwait(false);
        await t.ChangedAsync(job).ConfigureAwait(false);
        return true;
    }
}
