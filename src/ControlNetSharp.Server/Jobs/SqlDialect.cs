using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace ControlNetSharp.Server.Jobs;

/// <summary>What SQLite and PostgreSQL say differently. All else of <see cref="JobStore"/> is the same SQL.</summary>
internal abstract class SqlDialect : IAsyncDisposable
{
    /// <summary>The type of a column of bytes.</summary>
    public abstract string Blob { get; }

    /// <summary>Milliseconds since 1970 by the database's clock, as an expression.</summary>
    public abstract string Now { get; }

    /// <summary>Whether a value is one of several, as the end of a condition.</summary>
    /// <param name="parameter">The parameter with a list, such as <c>@ids</c>.</param>
    public abstract string IsOneOf(string parameter);

    /// <summary>The dialect for what a person gave.</summary>
    /// <param name="jobs">A file for SQLite, or connection text with <c>Host=</c> for PostgreSQL.</param>
    public static SqlDialect For(string jobs) => IsPostgres(jobs) ? new PostgresDialect(jobs) : new SqliteDialect(jobs);

    /// <summary>Whether a text is PostgreSQL's connection text, not a file.</summary>
    public static bool IsPostgres(string jobs) => jobs.Contains("Host=", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where a database is, without a password.</summary>
    /// <exception cref="ArgumentException">It is connection text with a word that PostgreSQL does not know.</exception>
    public static string PlaceOf(string jobs) =>
        IsPostgres(jobs)
            ? new NpgsqlConnectionStringBuilder(jobs)
            {
                Password = null,
                Passfile = null,
                SslPassword = null,
            }.ToString()
            : Path.GetFullPath(jobs);

    /// <summary>Whether the database can be used, or made where it is a file. Nothing is written.</summary>
    /// <exception cref="DbException">It refuses.</exception>
    /// <exception cref="IOException">The folder of its file cannot be used.</exception>
    public abstract Task ProbeAsync(CancellationToken cancellationToken);

    /// <summary>An open connection.</summary>
    public abstract Task<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A transaction that writes. Writers follow one another: bounds and turns are then exact, and each takes a
    /// millisecond.
    /// </summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="mustLast">Whether a power failure after the commit must not undo it.</param>
    /// <param name="cancellationToken">Ends waiting for the other writers.</param>
    public abstract Task<DbTransaction> BeginAsync(
        DbConnection connection,
        bool mustLast,
        CancellationToken cancellationToken
    );

    /// <summary>Tells other programs at the same database that a job changed.</summary>
    public virtual Task NotifyAsync(DbTransaction transaction, string job) => Task.CompletedTask;

    /// <summary>Hears of changes until it is cancelled.</summary>
    public virtual Task ListenAsync(Action<string> changed, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether the same may work in a moment.</summary>
    public abstract bool IsTransient(Exception exception);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    private sealed class SqliteDialect : SqlDialect
    {
        private readonly string _connection;
        private readonly string _file;

        public SqliteDialect(string file)
        {
            _file = Path.GetFullPath(file);
            _connection = new SqliteConnectionStringBuilder { DataSource = _file, DefaultTimeout = 30 }.ToString();
        }

        public override string Blob => "blob";

        public override string Now => "cast(unixepoch('subsec') * 1000 as integer)";

        public override string IsOneOf(string parameter) => $"in {parameter}";

        public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            var connection = new SqliteConnection(_connection);
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }

        public override async Task ProbeAsync(CancellationToken cancellationToken)
        {
            if (File.Exists(_file))
            {
                var connection = new SqliteConnection(
                    new SqliteConnectionStringBuilder { DataSource = _file, Mode = SqliteOpenMode.ReadOnly }.ToString()
                );
                await using (connection.ConfigureAwait(false))
                {
                    await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                    using var command = connection.CreateCommand();
                    command.CommandText = "select count(*) from sqlite_schema";
                    await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
                    return;
                }
            }

            var folder = new DirectoryInfo(_file).Parent!;
            while (!folder.Exists && folder.Parent is { } parent)
            {
                folder = parent;
            }

            if (Directory.Exists(_file) || File.Exists(folder.FullName))
            {
                throw new IOException("must be a file in a folder.");
            }
        }

        public override async Task<DbTransaction> BeginAsync(
            DbConnection connection,
            bool mustLast,
            CancellationToken cancellationToken
        )
        {
            using var command = connection.CreateCommand();
            // SQLite keeps no setting of a connection for the next one; those who read need none of them, and read
            // while others write.
            command.CommandText = $"""
                pragma journal_mode = wal;
                pragma synchronous = {(mustLast ? "full" : "normal")};
                pragma busy_timeout = 30000;
                """;
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return ((SqliteConnection)connection).BeginTransaction(deferred: false);
        }

        public override bool IsTransient(Exception exception) =>
            exception is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED };

        public override ValueTask DisposeAsync()
        {
            SqliteConnection.ClearPool(new SqliteConnection(_connection));
            return ValueTask.CompletedTask;
        }
    }

    private sealed class PostgresDialect(string text) : SqlDialect
    {
        private const string Channel = "controlnetsharp_jobs";

        // Any number that no other program at this database is likely to lock by.
        private const long QueueLock = 0x436E5368;

        private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(text);

        public override string Blob => "bytea";

        // Not now(): that is the time at which the transaction began.
        public override string Now => "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";

        // A list is one parameter here, not one for each value.
        public override string IsOneOf(string parameter) => $"= any({parameter})";

        public override async Task ProbeAsync(CancellationToken cancellationToken)
        {
            var opened = await OpenAsync(cancellationToken).ConfigureAwait(false);
            await opened.DisposeAsync().ConfigureAwait(false);
        }

        public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
            await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);

        public override async Task<DbTransaction> BeginAsync(
            DbConnection connection,
            bool mustLast,
            CancellationToken cancellationToken
        )
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"""
                select pg_advisory_xact_lock({QueueLock});
                set local jit = off;
                set local synchronous_commit = {(mustLast ? "on" : "off")};
                """;
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return transaction;
        }

        public override async Task NotifyAsync(DbTransaction transaction, string job)
        {
            using var command = transaction.Connection!.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"select pg_notify('{Channel}', @job)";
            command.Parameters.Add(new NpgsqlParameter("job", job));
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }

        public override async Task ListenAsync(Action<string> changed, CancellationToken cancellationToken)
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            connection.Notification += (_, told) => changed(told.Payload);
            using var command = connection.CreateCommand();
            command.CommandText = $"listen {Channel}";
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            while (true)
            {
                await connection.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        public override bool IsTransient(Exception exception) =>
            exception
                is NpgsqlException { IsTransient: true }
                    or NpgsqlException { InnerException: SocketException or IOException or TimeoutException }
                    or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown };

        public override ValueTask DisposeAsync() => _source.DisposeAsync();
    }
}
