using System.Data.Common;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.Operation;

/// <summary>
/// Whether the program is alive, and whether it can do what it is for. Open to everybody: they tell nothing else.
/// </summary>
internal static class HealthRoutes
{
    private const string Alive = "/healthz";
    private const string Ready = "/readyz";
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    /// <summary>Whether a path is one of them.</summary>
    public static bool Includes(PathString path) => path.Value is Alive or Ready;

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Alive, () => TypedResults.Text("alive")).ExcludeFromDescription();
        routes
            .MapGet(
                Ready,
                async (JobStore store, IEnumerable<WorkerSettings> workers, CancellationToken cancellationToken) =>
                    await ReasonAsync(store, workers, cancellationToken).ConfigureAwait(false) is { } reason
                        ? Results.Text(reason, statusCode: StatusCodes.Status503ServiceUnavailable)
                        : Results.Text("ready")
            )
            .ExcludeFromDescription();
    }

    /// <summary>Why jobs cannot be taken or done; null where they can.</summary>
    private static async Task<string?> ReasonAsync(
        JobStore store,
        IEnumerable<WorkerSettings> workers,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var present = await store
                .Queue.WorkersAsync(cancellationToken)
                .WaitAsync(LongestAnswer, cancellationToken)
                .ConfigureAwait(false);
            return workers.FirstOrDefault(worker => !present.ContainsKey(worker.Name)) is { } silent
                ? $"The worker {silent.Name} is silent."
                : null;
        }
        catch (Exception e) when (e is DbException or IOException or TimeoutException)
        {
            return "The store of jobs cannot be reached.";
        }
    }
}
