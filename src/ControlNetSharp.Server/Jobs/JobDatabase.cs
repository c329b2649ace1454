using System.Data.Common;
using System.Text;
using Dapper;

namespace ControlNetSharp.Server.Jobs;

/// <summary>Connections, transactions, second tries and the word that something changed.</summary>
internal sealed class JobDatabase : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _closing = new();
    private readonly Task _listening;

    private JobDatabase(SqlDialect dialect)
    {
        Dialect = dialect;
        _listening = ListenAsync(_closing.Token);
    }

    /// <summary>What this database says differently.</summary>
    public SqlDialect Dialect { get; }

    /// <summary>Wakes those who wait.</summary>
    public JobChanges Changes { get; } = new();

    /// <summary>Connects, and makes the tables where they are not there yet.</summary>
    public static async Task<JobDatabase> OpenAsync(string jobs, CancellationToken cancellationToken)
    {
        var database = new JobDatabase(SqlDialect.For(jobs));
        try
        {
            using var reader = new StreamReader(
                typeof(JobDatabase).Assembly.GetManifestResourceStream("Schema.sql")!,
                Encoding.UTF8
            );
            var schema = await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await database
                .WriteAsync(
                    t => t.ExecuteAsync(schema.Replace("{blob}", database.Dialect.Blob, StringComparison.Ordinal)),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return database;
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// One transaction; begun again where the database was busy or away for a moment, unless it may be committed.
    /// </summary>
    /// <param name="work">What is written.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    /// <param name="mustLast">
    /// Whether it is on the disk at the end. Else a power failure may undo it, which is faster by a synced write.
    /// </param>
    public async Task<T> WriteAsync<T>(
        Func<JobTransaction, Task<T>> work,
        CancellationToken cancellationToken,
        bool mustLast = true
    )
    {
        var isCommitting = false;
        var changed = new List<string>();
        var result = await RetryAsync(
                async connection =>
                {
                    changed.Clear();
                    var transaction = await Dialect
                        .BeginAsync(connection, mustLast, cancellationToken)
                        .ConfigureAwait(false);
                    await using (transaction.ConfigureAwait(false))
                    {
                        var result = await work(new JobTransaction(Dialect, transaction, changed))
                            .ConfigureAwait(false);
                        isCommitting = true;
                        await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                        return result;
                    }
                },
                e => !isCommitting && Dialect.IsTransient(e),
                cancellationToken
            )
            .ConfigureAwait(false);
        changed.ForEach(Changes.Raise);
        return result;
    }

    /// <summary>Reads without a transaction.</summary>
    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        RetryAsync(work, Dialect.IsTransient, cancellationToken);

    /// <summary>Stops listening and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
        await Dialect.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<T> RetryAsync<T>(
        Func<DbConnection, Task<T>> work,
        Func<Exception, bool> mayTryAgain,
        CancellationToken cancellationToken
    )
    {
        for (var pause = FirstPause; ; pause *= 2)
        {
            try
            {
                var connection = await Dialect.OpenAsync(cancellationToken).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    return await work(connection).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (mayTryAgain(e) && pause <= LongestPause)
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await Dialect.ListenAsync(Changes.Raise, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (Dialect.IsTransient(e) || e is DbException)
            {
                // Those who wait look for themselves each second.
                await Task.Delay(LongestPause, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}

/// <summary>A transaction that writes, and the jobs that it changed.</summary>
internal sealed class JobTransaction(SqlDialect dialect, DbTransaction transaction, List<string> changed)
{
    private readonly DbConnection _connection = transaction.Connection!;

    public Task<int> ExecuteAsync(string sql, object? parameters = null) =>
        _connection.ExecuteAsync(sql, parameters, transaction);

    public Task<T?> FirstAsync<T>(string sql, object? parameters = null) =>
        _connection.QueryFirstOrDefaultAsync<T>(sql, parameters, transaction);

    public async Task<List<T>> AllAsync<T>(string sql, object? parameters = null) =>
        (await _connection.QueryAsync<T>(sql, parameters, transaction).ConfigureAwait(false)).AsList();

    /// <summary>Those who wait for a job are woken once this is committed.</summary>
    public Task ChangedAsync(string job)
    {
        changed.Add(job);
        return dialect.NotifyAsync(transaction, job);
    }
}
