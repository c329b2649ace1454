using System.Data.Common;
using ControlNetSharp.Server.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ControlNetSharp.Server.Work;

/// <summary>Deletes from time to time what the bounds of the store do not allow.</summary>
internal sealed partial class StoreSweeper(JobStore store, ILogger<StoreSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await store.SweepAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DbException or IOException)
            {
                LogFailed(e.Message);
            }
            catch (OperationCanceledException)
            {
                // Its end.
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The store could not be swept: {Reason}")]
    private partial void LogFailed(string reason);
}
