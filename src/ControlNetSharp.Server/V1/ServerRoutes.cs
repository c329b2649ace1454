using ControlNetSharp.Engine;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.V1;

/// <summary>The server itself: what it is, who works for it, how much waits.</summary>
internal static class ServerRoutes
{
    public static void MapServer(this RouteGroupBuilder v1)
    {
        var server = v1.MapGroup("").WithTags("Server");
        server
            .MapGet("/workers", WorkersAsync)
            .WithSummary("Workers that were heard of lately")
            .Produces<IReadOnlyList<WorkerView>>();
        server.MapGet("/queue", QueueAsync).WithSummary("The queue in numbers").Produces<QueueView>();
        server.MapGet("/server", ServerAsync).WithSummary("Version, caller, bounds").Produces<ServerView>();
    }

    private static async Task<IResult> WorkersAsync(JobStore store, CancellationToken cancellationToken)
    {
        var workers = await store.Queue.WorkersAsync(cancellationToken).ConfigureAwait(false);
        return V1Json.Answer<IReadOnlyList<WorkerView>>([
            .. workers.Select(worker => new WorkerView(worker.Key, worker.Value)),
        ]);
    }

    private static async Task<IResult> QueueAsync(JobStore store, CancellationToken cancellationToken)
    {
        var figures = await store.FiguresAsync(cancellationToken).ConfigureAwait(false);
        return V1Json.Answer(
            new QueueView(figures.Queued, figures.Running, figures.OldestSeconds, store.Options.QueueBound)
        );
    }

    private static async Task<IResult> ServerAsync(
        HttpContext context,
        JobStore store,
        ModelCatalogue catalogue,
        ServerSettings settings,
        CancellationToken cancellationToken
    )
    {
        var workers = await store.Queue.WorkersAsync(cancellationToken).ConfigureAwait(false);
        var models = await catalogue.ModelsAsync(cancellationToken).ConfigureAwait(false);
        return V1Json.Answer(
            new ServerView(
                ManifestMaker.ProgramVersion,
                context.Owner(),
                models.Count,
                new LimitsView(store.Options.QueueBound, settings.Limits.BodyBytes, settings.Limits.Pixels),
                [.. JobKind.All.Where(kind => workers.Values.Any(names => names.Contains(WorkerNames.OfKind(kind))))]
            )
        );
    }
}
