using ControlNetSharp.Engine;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using ControlNetSharp.Training;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.V1;

/// <summary>Making and judging models: <c>/trainings</c>, <c>/evaluations</c>, <c>/datasets</c>.</summary>
internal static class TrainingRoutes
{
    private const string Part = "request";

    public static void MapTrainings(this RouteGroupBuilder v1)
    {
        v1.MapPost("/evaluations", EvaluateAsync)
            .WithBody(typeof(EvaluationRequest), "application/json")
            .Described("Score how well control works", "An evaluation request's JSON; its data is a dataset's name.");
        v1.MapPost("/trainings", TrainAsync)
            .WithBody(typeof(TrainingRequest), "application/json")
            .Described(
                "Train a ControlNet",
                "A training request's JSON: data is a dataset's name or scenes:N, out a name for the training."
            );
        v1.MapPost("/trainings/plan", PlanAsync)
            .WithBody(typeof(TrainingRequest), "application/json")
            .WithTags("Training")
            .WithSummary("What a training would cost")
            .WithDescription("A training request's JSON; nothing is made.")
            .Produces<PlanView>()
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        v1.MapGet("/datasets", (TrainingPlaces places) => V1Json.Answer(places.DatasetNames()))
            .WithTags("Training")
            .WithSummary("Names of the datasets that can be trained on")
            .Produces<IReadOnlyList<string>>();
    }

    private static Task<IResult> EvaluateAsync(HttpContext context, JobDesk desk, JobViews views) =>
        SubmitAsync(
            context,
            views,
            (json, terms) => desk.SubmitAsync(EvaluationRequest.Read(json), terms, context.RequestAborted)
        );

    private static Task<IResult> TrainAsync(HttpContext context, JobDesk desk, JobViews views) =>
        SubmitAsync(
            context,
            views,
            (json, terms) => desk.SubmitAsync(TrainingRequest.Read(json), terms, context.RequestAborted)
        );

    private static async Task<IResult> SubmitAsync(
        HttpContext context,
        JobViews views,
        Func<byte[], JobTerms, Task<Submission>> submit
    )
    {
        var json = await JsonOfAsync(context, context.RequestAborted).ConfigureAwait(false);
        var submission = await submit(json, SubmissionRoutes.TermsOf(context)).ConfigureAwait(false);
        return await SubmissionRoutes
            .AcceptedAsync(context, submission, views, context.RequestAborted)
            .ConfigureAwait(false);
    }

    private static async Task<IResult> PlanAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var request = TrainingRequest.Read(await JsonOfAsync(context, cancellationToken).ConfigureAwait(false));
        // The cost is that of this machine, so that only a program that works can tell it.
        var engine =
            context.RequestServices.GetService<ControlNetEngine>()
            ?? throw new ApiException(
                StatusCodes.Status501NotImplemented,
                "no_worker",
                "This server has no worker of its own; it cannot tell what a training costs."
            );
        var planned = await Task.Run(() => RequestedTraining.Plan(request, engine.Options), cancellationToken)
            .ConfigureAwait(false);
        return V1Json.Answer(
            new PlanView(
                planned.Side,
                planned.Plan.TotalBytes,
                planned.Plan.AvailableBytes,
                planned.Plan.SecondsPerStep,
                planned.SamplesPerSecond,
                [.. planned.Plan.Memory.Select(part => new MemoryView(part.Name, part.Bytes))]
            )
        );
    }

    private static async Task<byte[]> JsonOfAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var body = await SubmittedBody.ReadAsync(context.Request, Part, cancellationToken).ConfigureAwait(false);
        body.Files.RequireAllUsed();
        return body.Json;
    }

    private static void Described(this RouteHandlerBuilder route, string summary, string description) =>
        route
            .WithTags("Training")
            .WithSummary(summary)
            .WithDescription(description)
            .WithTerms()
            .Produces<JobView>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
}

/// <summary>What a training would cost on this machine.</summary>
/// <param name="Side">Width and height of the pictures that were reckoned with.</param>
/// <param name="Bytes">Memory at most.</param>
/// <param name="AvailableBytes">Memory that is free.</param>
/// <param name="SecondsPerStep">Time of a step.</param>
/// <param name="SamplesPerSecond">Pictures that are trained on in a second.</param>
/// <param name="Memory">What takes how much.</param>
internal sealed record PlanView(
    int Side,
    long Bytes,
    long AvailableBytes,
    double SecondsPerStep,
    double SamplesPerSecond,
    IReadOnlyList<MemoryView> Memory
);

/// <summary>What one thing takes of the memory.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">How much.</param>
internal sealed record MemoryView(string Name, long Bytes);
