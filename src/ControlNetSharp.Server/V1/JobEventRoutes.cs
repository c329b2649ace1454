using System.Net.ServerSentEvents;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace ControlNetSharp.Server.V1;

/// <summary>Jobs as they change, by server-sent events.</summary>
internal static class JobEventRoutes
{
    private const string StreamType = "text/event-stream";

    public static void MapJobEvents(this RouteGroupBuilder v1)
    {
        v1.MapGet("/jobs/{id}/events", OneAsync)
            .WithTags("Jobs")
            .WithSummary("A job now and at each change until it is over: events 'job' with a job as data")
            .Produces<JobView>(StatusCodes.Status200OK, StreamType)
            .ProducesProblem(StatusCodes.Status404NotFound);
        v1.MapGet("/events", All)
            .WithTags("Jobs")
            .WithSummary("All of the caller's unfinished jobs now, and each change of any")
            .Produces<JobView>(StatusCodes.Status200OK, StreamType);
    }

    private static async Task<IResult> OneAsync(
        string id,
        HttpContext context,
        JobStore store,
        JobViews views,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken
    )
    {
        await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        return Streamed(
            context,
            new JobWatch(store, views, context.Owner()).OneAsync(id, lifetime.ApplicationStopping)
        );
    }

    private static ServerSentEventsResult<string> All(
        HttpContext context,
        JobStore store,
        JobViews views,
        IHostApplicationLifetime lifetime
    ) => Streamed(context, new JobWatch(store, views, context.Owner()).AllAsync(lifetime.ApplicationStopping));

    private static ServerSentEventsResult<string> Streamed(
        HttpContext context,
        IAsyncEnumerable<SseItem<string>> events
    )
    {
        // For the proxy that would collect the events of a minute.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(events);
    }
}
