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
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                measures.Queue = await store.FiguresAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DbException or IOException or OperationCanceledException)
            {
                // The figures stay as they were; readiness says that the store is away.
            }

            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
