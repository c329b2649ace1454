using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace ControlNetSharp.Server.Jobs;

/// <summary>
/// The one truth about jobs: a few tables in SQLite, or in PostgreSQL where several programs share them. What
/// <see cref="SubmitAsync"/> returned is on the disk. Usable by several callers at once.
/// </summary>
public sealed class JobStore : IAsyncDisposable
{
    // PostgreSQL must be told the type of a parameter that may be null.
    private const string IsOwners = "(cast(@owner as text) is null or owner = @owner)";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly JobDatabase _database;
    private readonly JobRetention _retention;
    private readonly SharedLook<IReadOnlyDictionary<string, int>> _ahead;
    private readonly SharedLooks<Job?> _jobs;

    private JobStore(JobDatabase database, JobStoreOptions options)
    {
        (_database, Options) = (database, options);
        _ahead = new(database.Changes, LookAheadAsync);
        _jobs = new(database.Changes, LookAsync);
        Blobs = new BlobStore(database, options.ResultsFolder);
        Queue = new JobQueue(database, Blobs, options);
        _retention = new JobRetention(database, options);
    }

    /// <summary>The bounds.</summary>
    public JobStoreOptions Options { get; }

    /// <summary>Uploads and the files of jobs, by SHA-256.</summary>
    public BlobStore Blobs { get; }

    /// <summary>The side of the workers.</summary>
    public JobQueue Queue { get; }

    /// <summary>Opens a store, and makes its tables where they are not there yet.</summary>
    /// <param name="jobs">A file for SQLite, or connection text with <c>Host=</c> for PostgreSQL.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    /// <exception cref="DbException">The database is not there or refuses.</exception>
    public static async Task<JobStore> OpenAsync(
        string jobs,
        JobStoreOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobs);
        return new(await JobDatabase.OpenAsync(jobs, cancellationToken).ConfigureAwait(false), options ?? new());
    }

    /// <summary>Where a store is, without a password.</summary>
    /// <param name="jobs">As for <see cref="OpenAsync"/>.</param>
    /// <exception cref="ArgumentException">It is connection text with a word that PostgreSQL does not know.</exception>
    public static string PlaceOf(string jobs) => SqlDialect.PlaceOf(jobs);

    /// <summary>Whether a store can be opened. Nothing is written.</summary>
    /// <inheritdoc cref="OpenAsync" path="/param|/exception"/>
    /// <exception cref="IOException">The folder of its file cannot be used.</exception>
    public static async Task ProbeAsync(string jobs, CancellationToken cancellationToken = default)
    {
        var dialect = SqlDialect.For(jobs);
        await using (dialect.ConfigureAwait(false))
        {
            await dialect.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Hands in a job.</summary>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="NoWorkerException">Workers are there, and none of them has what it needs.</exception>
    /// <exception cref="IdempotencyException">The owner used the key for another payload.</exception>
    public Task<Submission> SubmitAsync(NewJob job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        byte[] told = [.. Encoding.UTF8.GetBytes(job.Kind + "\n"), .. job.Payload];
        var digest = Convert.ToHexStringLower(SHA256.HashData(told));
        return _database.WriteAsync(
            async t =>
                await EarlierAsync(t, job, digest).ConfigureAwait(false)
                ?? new Submission(await InsertAsync(t, job, digest).ConfigureAwait(false), true),
            cancellationToken
        );
    }

    /// <summary>Cancels exactly this job: at once where it waits, before its next step where it runs.</summary>
    /// <param name="job">The job's identity.</param>
    /// <param name="owner">Whose it must be; null for anybody's.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    /// <returns>Whether there was something to cancel.</returns>
    public Task<bool> CancelAsync(string job, string? owner = null, CancellationToken cancellationToken = default) =>
        _database.WriteAsync(
            async t => await CancelAsync(t, $"id = @job and {IsOwners}", new { job, owner }).ConfigureAwait(false) > 0,
            cancellationToken
        );

    /// <summary>Deletes a job that is over, with its files.</summary>
    /// <returns>Whether it was there, and over.</returns>
    public Task<bool> DeleteAsync(string job, string? owner = null, CancellationToken cancellationToken = default) =>
        _retention.DeleteAsync($"id = @job and {IsOwners}", new { job, owner }, cancellationToken);

    /// <summary>A job; null where there is none, or it is another owner's.</summary>
    public async Task<Job?> FindAsync(
        string job,
        string? owner = null,
        CancellationToken cancellationToken = default
    )
    {
        var found = await _jobs.GetAsync(job, cancellationToken).ConfigureAwait(false);
        return owner is null || found?.Owner == owner ? found : null;
    }

    /// <summary>The owner's latest job of an identity that the owner chose; null where there is none.</summary>
    public Task<Job?> FindByAliasAsync(string alias, string owner, CancellationToken cancellationToken = default) =>
        FirstAsync("alias = @alias and owner = @owner", new { alias, owner }, cancellationToken);

    /// <summary>Jobs, the newest first.</summary>
    public async Task<IReadOnlyList<Job>> ListAsync(JobQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        string?[] conditions =
        [
            query.Owner is null ? null : "owner = @Owner",
            query.Kind is null ? null : "kind = @Kind",
            query.Before is null ? null : "id < @Before",
            query.Search is null ? null : @"lower(title) like @like escape '\'",
            query.States.Count == 0
                ? null
                : $"state in ({string.Join(',', query.States.Select(state => $"'{JobRow.Word(state)}'"))})",
        ];
        var where = string.Join(" and ", conditions.OfType<string>().DefaultIfEmpty("true"));
        var rows = await _database
            .ReadAsync(
                connection =>
                    connection.QueryAsync<JobRow>(
                        $"select {JobRow.Columns} from jobs where {where} order by id desc limit @Limit",
                        new
                        {
                            query.Owner,
                            query.Kind,
                            query.Before,
                            query.Limit,
                            like = $"%{LikeText(query.Search)}%",
                        }
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return [.. rows.Select(row => row.ToJob())];
    }

    /// <summary>
    /// How many jobs come before each that waits, by identity: owners take turns, so a job counts those of its owner
    /// before it and as many of each other owner.
    /// </summary>
    public Task<IReadOnlyDictionary<string, int>> AheadAsync(CancellationToken cancellationToken = default) =>
        _ahead.GetAsync(cancellationToken);

    /// <summary>The queue in numbers.</summary>
    public async Task<QueueFigures> FiguresAsync(CancellationToken cancellationToken = default)
    {
        var (queued, running, oldest) = await _database
            .ReadAsync(
                connection =>
                    connection.QuerySingleAsync<(long, long, long?)>(
                        $"""
                        select (select count(*) from jobs where state = 'queued'),
                            (select count(*) from jobs where state = 'running'),
                            (select {_database.Dialect.Now} - min(created) from jobs where state = 'queued')
                        """
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return new QueueFigures(queued, running, (oldest ?? 0) / 1000.0);
    }

    /// <summary>The payload of a job; null where there is none.</summary>
    public Task<byte[]?> PayloadAsync(string job, CancellationToken cancellationToken = default) =>
        BytesAsync("payloads", job, cancellationToken);

    /// <summary>The last preview of a job that runs (JPEG); null where there is none.</summary>
    public Task<byte[]?> PreviewAsync(string job, CancellationToken cancellationToken = default) =>
        BytesAsync("previews", job, cancellationToken);

    /// <summary>What a job made, in order.</summary>
    public async Task<IReadOnlyList<JobFile>> FilesAsync(string job, CancellationToken cancellationToken = default) =>
        [.. (await FilesAsync([job], cancellationToken).ConfigureAwait(false))[job]];

    /// <summary>The same of several jobs, by job.</summary>
    public async Task<ILookup<string, JobFile>> FilesAsync(
        IReadOnlyCollection<string> jobs,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var rows = await _database
            .ReadAsync(
                connection =>
                    connection.QueryAsync<(
                        string Job,
                        string Name,
                        string Role,
                        string MediaType,
                        long Size,
                        string Sha256
                    )>(
                        $"""
                        select job, name, role, media_type, size, sha256 from job_files
                        where job {_database.Dialect.IsOneOf("@jobs")} and role <> 'upload' order by job, ordinal
                        """,
                        new { jobs }
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return rows.ToLookup(
            row => row.Job,
            row => new JobFile(row.Name, row.Role, row.MediaType, row.Size, row.Sha256),
            StringComparer.Ordinal
        );
    }

    /// <summary>
    /// Ends when a job changes, a second has passed, or it is cancelled. To be asked for before looking at the job, so
    /// that no change falls between.
    /// </summary>
    public Task NextChangeAsync(string job, CancellationToken cancellationToken = default) =>
        JobChanges.WaitAsync(_database.Changes.Next(job), LongestWait, cancellationToken);

    /// <summary>The same for whichever job.</summary>
    /// <inheritdoc cref="NextChangeAsync"/>
    public Task NextChangeOfAnyAsync(CancellationToken cancellationToken = default) =>
        JobChanges.WaitAsync(_database.Changes.Next(JobChanges.Any), LongestWait, cancellationToken);

    /// <summary>Waits until a job is over.</summary>
    /// <returns>The job; null where it was deleted meanwhile.</returns>
    public async Task<Job?> WaitAsync(string job, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var next = NextChangeAsync(job, cancellationToken);
            var found = await FindAsync(job, null, cancellationToken).ConfigureAwait(false);
            if (found is null or { IsOver: true })
            {
                return found;
            }

            await next.ConfigureAwait(false);
        }
    }

    /// <summary>Deletes what is older or larger than the bounds allow, and uploads that nobody used.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken = default)
    {
        await Queue.SweepAsync(cancellationToken).ConfigureAwait(false);
        await _retention.SweepAsync(cancellationToken).ConfigureAwait(false);
        await Blobs.SweepAsync(Options.UploadAge, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static string LikeText(string? text) =>
        (text ?? "")
            .ToLowerInvariant()
            .Replace(@"\", @"\\", StringComparison.Ordinal)
            .Replace("%", @"\%", StringComparison.Ordinal)
            .Replace("_", @"\_", StringComparison.Ordinal);

    private static async Task<Submission?> EarlierAsync(JobTransaction t, NewJob job, string digest)
    {
        if (job.IdempotencyKey is not { } key)
        {
            return null;
        }

        var row = await t.FirstAsync<JobRow>(
                $"select {JobRow.Columns} from jobs where owner = @owner and idempotency_key = @key",
                new { owner = job.Owner, key }
            )
            .ConfigureAwait(false);
        return row is null ? null
            : row.Digest == digest ? new Submission(row.ToJob(), false)
            : throw new IdempotencyException(key);
    }

    private async Task<Job> InsertAsync(JobTransaction t, NewJob job, string digest)
    {
        if (job.Group is not null)
        {
            await CancelAsync(t, "owner = @Owner and live_group = @Group", new { job.Owner, job.Group })
                .ConfigureAwait(false);
        }

        var waiting = await t.FirstAsync<long>("select count(*) from jobs where state = 'queued'")
            .ConfigureAwait(false);
        if (waiting >= Options.QueueBound)
        {
            throw new QueueFullException(Options.QueueBound, RetryAfter);
        }

        var id = Guid.CreateVersion7().ToString();
        var row = await t.FirstAsync<JobRow>(
                $"""
                insert into jobs
                    (id, kind, owner, title, state, priority, idempotency_key, digest, alias, live_group, created)
                values (@id, @Kind, @Owner, @Title, 'queued', @Priority, @IdempotencyKey, @digest, @Alias, @Group,
                    {_database.Dialect.Now})
                returning {JobRow.Columns}
                """,
                new
                {
                    id,
                    job.Kind,
                    job.Owner,
                    job.Title,
                    job.Priority,
                    job.IdempotencyKey,
                    digest,
                    job.Alias,
                    job.Group,
                }
            )
            .ConfigureAwait(false);
        await t.ExecuteAsync("insert into payloads (job, body) values (@id, @body)", new { id, body = job.Payload })
            .ConfigureAwait(false);
        await t.ExecuteAsync(
                "insert into job_needs (job, name) values (@id, @name)",
                job.Needs.Distinct(StringComparer.Ordinal).Select(name => new { id, name })
            )
            .ConfigureAwait(false);
        await t.ExecuteAsync(
                """
                insert into job_files (job, ordinal, name, role, media_type, size, sha256)
                values (@id, -1, @name, 'upload', '', 0, @name)
                """,
                job.Uploads.Distinct(StringComparer.Ordinal).Select(name => new { id, name })
            )
            .ConfigureAwait(false);
        await Queue.RequireWorkerAsync(t, id).ConfigureAwait(false);
        await t.ChangedAsync(JobChanges.Queue).ConfigureAwait(false);
        return row!.ToJob();
    }

    private async Task<int> CancelAsync(JobTransaction t, string where, object parameters)
    {
        var ids = await t.AllAsync<string>(
                $"""
                update jobs set cancelling = 1,
                    finished = case when state = 'queued' then {_database.Dialect.Now} end,
                    state = case when state = 'queued' then 'cancelled' else state end
                where {where} and state in ('queued', 'running') returning id
                """,
                parameters
            )
            .ConfigureAwait(false);
        foreach (var id in ids)
        {
            await t.ChangedAsync(id).ConfigureAwait(false);
        }

        return ids.Count;
    }

    private async Task<IReadOnlyDictionary<string, int>> LookAheadAsync()
    {
        var order = await _database
            .ReadAsync(
                connection =>
                    connection.QueryAsync<string>(
                        """
                        select id from (
                            select j.id, j.owner, coalesce(o.served, 0) as served,
                                row_number() over (partition by j.owner order by j.priority desc, j.id) as place
                            from jobs j left join owners o on o.owner = j.owner where j.state = 'queued') q
                        order by place, served, owner
                        """
                    ),
                CancellationToken.None
            )
            .ConfigureAwait(false);
        return order.Index().ToDictionary(job => job.Item, job => job.Index, StringComparer.Ordinal);
    }

    private Task<Job?> LookAsync(string job) => FirstAsync("id = @job", new { job }, CancellationToken.None);

    private async Task<Job?> FirstAsync(string where, object parameters, CancellationToken cancellationToken)
    {
        var row = await _database
            .ReadAsync(
                connection =>
                    connection.QueryFirstOrDefaultAsync<JobRow>(
                        $"select {JobRow.Columns} from jobs where {where} order by id desc limit 1",
                        parameters
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return row?.ToJob();
    }

    private Task<byte[]?> BytesAsync(string table, string job, CancellationToken cancellationToken) =>
        _database.ReadAsync(
            connection =>
                connection.QueryFirstOrDefaultAsync<byte[]>($"select body from {table} where job = @job", new { job }),
            cancellationToken
        );
}
