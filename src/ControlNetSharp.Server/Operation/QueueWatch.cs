using System.Data.Common;
using ControlNetSharp.Server.Jobs;
using Microsoft.Extensions.Hosting;

namespace ControlNetSharp.Server.Operation;

/// <summary>Looks at the queue now and then for the measures, which are read at a moment's notice.</summary>
internal sealed class QueueWatch(JobStore store, Measures measures) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        do
        {
            try
            {
                measures.Queue = await store.FiguresAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (DbException)
            {
                // The figures stay as they were; readiness says that the store is away.
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
