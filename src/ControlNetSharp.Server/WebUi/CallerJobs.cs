using System.Collections.Concurrent;
using ControlNetSharp.Server.Safety;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>A call that waits for its pictures.</summary>
internal sealed class CallerJob(string task, Caller caller, string connection, int batches)
{
    private int _skips;

    /// <summary>The name by which the caller can ask for it.</summary>
    public string Task => task;

    /// <summary>Who called.</summary>
    public Caller Caller => caller;

    /// <summary>The connection that waits.</summary>
    public string Connection => connection;

    /// <summary>Batches of all of its jobs.</summary>
    public int Batches => batches;

    /// <summary>Batches that are over.</summary>
    public int BatchesDone { get; set; }

    /// <summary>The job that it waits for now; null before the first.</summary>
    public string? Job { get; set; }

    /// <summary>When it came.</summary>
    public DateTimeOffset Began { get; } = DateTimeOffset.UtcNow;

    /// <summary>Whether the caller asked for its end.</summary>
    public bool IsInterrupted { get; set; }

    /// <summary>
    /// What the picture looked like (JPEG) when its end was asked for; null where there was nothing to see.
    /// </summary>
    public byte[]? Unfinished { get; set; }

    /// <summary>Whether the caller asked for the end of a batch at some time.</summary>
    public bool WasSkipped { get; private set; }

    /// <summary>Asks for the end of the batch that is made now.</summary>
    public void Skip()
    {
        WasSkipped = true;
        Interlocked.Exchange(ref _skips, 1);
    }

    /// <summary>Whether a batch is to be skipped, once.</summary>
    public bool TakeSkip() => Interlocked.Exchange(ref _skips, 0) == 1;
}

/// <summary>Who calls: the user, and where nobody has to say who it is, the address.</summary>
internal sealed record Caller(string Owner, string Address)
{
    /// <summary>Who makes this call.</summary>
    public static Caller Of(HttpContext context) =>
        new(
            context.Owner(),
            context.User.Identity?.IsAuthenticated == true
                ? ""
                : context.Connection.RemoteIpAddress?.MapToIPv6().ToString() ?? ""
        );
}

/// <summary>
/// The calls that wait in this program, so that progress, interrupt and skip, which name no job, concern the caller's
/// own and never a stranger's.
/// </summary>
internal sealed class CallerJobs
{
    private readonly ConcurrentDictionary<CallerJob, byte> _waiting = new();
    private readonly ConcurrentDictionary<Caller, (bool Interrupted, bool Skipped)> _marks = new();

    /// <summary>A call begins to wait.</summary>
    public CallerJob Begin(HttpContext context, string task, int batches)
    {
        var call = new CallerJob(task, Caller.Of(context), context.Connection.Id, batches);
        // What was interrupted before is over for this caller.
        _marks.TryRemove(call.Caller, out _);
        _waiting[call] = 0;
        return call;
    }

    /// <summary>A call has its answer.</summary>
    public void End(CallerJob call) => _waiting.TryRemove(call, out _);

    /// <summary>
    /// The call that a caller means: by its task, by the connection, or the one of that caller's that came first.
    /// </summary>
    /// <param name="context">The caller.</param>
    /// <param name="task">The task; null where none is named.</param>
    public CallerJob? Find(HttpContext context, string? task)
    {
        var own = Of(context);
        return task is { Length: > 0 }
            ? own.FirstOrDefault(call => call.Task == task)
            : own.FirstOrDefault(call => call.Connection == context.Connection.Id)
                ?? (own is [var first, ..] ? first : null);
    }

    /// <summary>The calls of a caller, the first one first.</summary>
    public IReadOnlyList<CallerJob> Of(HttpContext context)
    {
        var caller = Caller.Of(context);
        return [.. _waiting.Keys.Where(call => call.Caller == caller).OrderBy(call => call.Began)];
    }

    /// <summary>Remembers that a caller interrupted or skipped, until its next call.</summary>
    public void Mark(HttpContext context, bool interrupted) =>
        _marks.AddOrUpdate(
            Caller.Of(context),
            _ => (interrupted, !interrupted),
            (_, old) => (old.Interrupted || interrupted, old.Skipped || !interrupted)
        );

    /// <summary>What the caller asked for since its last call.</summary>
    public (bool Interrupted, bool Skipped) MarksOf(HttpContext context) =>
        _marks.GetValueOrDefault(Caller.Of(context));
}
