using System.Text;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace ControlNetSharp.Server.V1;

/// <summary>Jobs that were handed in: list, state, cancel, delete, replay.</summary>
internal static class JobRoutes
{
    private const int UsualPage = 50;
    private const int MostOnPage = 500;

    public static void MapJobs(this RouteGroupBuilder v1)
    {
        var jobs = v1.MapGroup("/jobs").WithTags("Jobs").ProducesProblem(StatusCodes.Status404NotFound);
        jobs.MapGet("", ListAsync)
            .WithSummary("The caller's jobs, the newest first")
            .WithParameters(
                ("state", JsonSchemaType.String, "Only these, with commas: queued, running, done, failed, cancelled."),
                ("kind", JsonSchemaType.String, "Only this kind."),
                ("search", JsonSchemaType.String, "Only titles with this text, in any case."),
                ("before", JsonSchemaType.String, "Only jobs older than this one: 'next' of the page before."),
                ("limit", JsonSchemaType.Integer, $"How many, 1 to {MostOnPage}; default {UsualPage}.")
            )
            .Produces<JobPage>();
        jobs.MapGet("/{id}", FindAsync).WithSummary("A job as it stands now").Produces<JobView>();
        jobs.MapPost("/{id}/cancel", CancelAsync)
            .WithSummary("Cancel exactly this job: at once where it waits, before its next step where it runs")
            .Produces<JobView>(StatusCodes.Status202Accepted);
        jobs.MapDelete("/{id}", DeleteAsync)
            .WithSummary("Delete a job that is over, with its files")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status409Conflict);
        jobs.MapPost("/{id}/replay", ReplayAsync)
            .WithSummary("The same again: a new job with the seed of this one")
            .WithTerms()
            .Produces<JobView>(StatusCodes.Status202Accepted);
        jobs.MapGet("/{id}/request", RequestAsync)
            .WithSummary("What was asked for; the seed is settled once the job is done")
            .Produces<GenerationRequest>();
    }

    /// <summary>A job of the caller.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static async Task<Job> RequireAsync(
        this JobStore store,
        HttpContext context,
        string id,
        CancellationToken cancellationToken
    ) =>
        await store.FindAsync(id, context.Owner(), cancellationToken).ConfigureAwait(false)
        ?? throw ApiException.NotFound("job", id);

    private static async Task<IResult> ListAsync(
        HttpContext context,
        JobStore store,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        var query = context.Request.Query;
        var states = Enum.GetValues<JobState>().ToDictionary(JobRow.Word, StringComparer.Ordinal);
        var limit = Queries.Whole(query, "limit", 1, MostOnPage) ?? UsualPage;
        var kinds = Queries.Words(query, "kind", JobKind.All);
        RequestRules.Require(kinds.Count <= 1, "kind", string.Join(",", kinds), "must be one kind.");
        // One more than is shown tells whether there is another page.
        var found = await store
            .ListAsync(
                new JobQuery
                {
                    Owner = context.Owner(),
                    States = [.. Queries.Words(query, "state", [.. states.Keys]).Select(word => states[word])],
                    Kind = kinds is [var kind] ? kind : null,
                    Search = Queries.Text(query, "search"),
                    Before = Queries.Text(query, "before"),
                    Limit = limit + 1,
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        Job[] page = [.. found.Take(limit)];
        return V1Json.Answer(
            new JobPage(
                await views.OfAsync(page, cancellationToken).ConfigureAwait(false),
                found.Count > limit ? page[^1].Id : null
            )
        );
    }

    private static async Task<IResult> FindAsync(
        string id,
        HttpContext context,
        JobStore store,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        var job = await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        return V1Json.Answer(await views.OfAsync(job, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<IResult> CancelAsync(
        string id,
        HttpContext context,
        JobStore store,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        await store.CancelAsync(id, context.Owner(), cancellationToken).ConfigureAwait(false);
        var job = await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        return V1Json.Answer(
            await views.OfAsync(job, cancellationToken).ConfigureAwait(false),
            StatusCodes.Status202Accepted
        );
    }

    private static async Task<IResult> DeleteAsync(
        string id,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        var job = await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        return await store.DeleteAsync(id, context.Owner(), cancellationToken).ConfigureAwait(false)
            ? TypedResults.NoContent()
            : throw new ApiException(
                StatusCodes.Status409Conflict,
                "not_over",
                $"The job \"{id}\" is {JobRow.Word(job.State)}; cancel it first."
            );
    }

    private static async Task<IResult> ReplayAsync(
        string id,
        HttpContext context,
        JobStore store,
        JobDesk desk,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        var job = await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        var terms = SubmissionRoutes.TermsOf(context);
        var payload = await PayloadAsync(store, job, cancellationToken).ConfigureAwait(false);
        var submission = job.Kind switch
        {
            JobKind.Generation => await desk.SubmitAsync(Settled(job, payload), terms, cancellationToken)
                .ConfigureAwait(false),
            JobKind.Annotation => await desk.SubmitAsync(
                    RequestJson.Parse(payload, RequestJsonContext.Default.ControlUnit),
                    terms,
                    cancellationToken
                )
                .ConfigureAwait(false),
            JobKind.Upscale => await desk.SubmitAsync(
                    RequestJson.Parse(payload, RequestJsonContext.Default.UpscaleRequest),
                    terms,
                    cancellationToken
                )
                .ConfigureAwait(false),
            _ => throw new ApiException(
                StatusCodes.Status422UnprocessableEntity,
                "wrong_input",
                $"A job of the kind {job.Kind} cannot be replayed."
            ),
        };
        return await SubmissionRoutes
            .AcceptedAsync(context, submission, views, cancellationToken)
            .ConfigureAwait(false);
    }

    private static async Task<IResult> RequestAsync(
        string id,
        HttpContext context,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        var job = await store.RequireAsync(context, id, cancellationToken).ConfigureAwait(false);
        var payload = await PayloadAsync(store, job, cancellationToken).ConfigureAwait(false);
        return TypedResults.Text(
            job.Kind == JobKind.Generation
                ? RequestJson.Write(Settled(job, payload))
                : Encoding.UTF8.GetString(payload),
            "application/json"
        );
    }

    private static async Task<byte[]> PayloadAsync(JobStore store, Job job, CancellationToken cancellationToken) =>
        await store.PayloadAsync(job.Id, cancellationToken).ConfigureAwait(false)
        ?? throw ApiException.NotFound("job", job.Id);

    /// <summary>The request with the seed that it came to.</summary>
    private static GenerationRequest Settled(Job job, byte[] payload)
    {
        var request = RequestJson.Read(payload);
        return request with { Seed = request.Seed ?? job.Facts?["seed"]?.GetValue<long>() };
    }
}
