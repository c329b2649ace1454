using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace ControlNetSharp.Server.V1;

/// <summary>Handing in: <c>/generations</c>, <c>/annotations</c>, <c>/upscales</c>.</summary>
internal static class SubmissionRoutes
{
    private const string KeyHeader = "Idempotency-Key";

    public static void MapSubmissions(this RouteGroupBuilder v1)
    {
        v1.MapPost("/generations", GenerateAsync)
            .WithJsonOrForm(typeof(GenerationRequest), "request")
            .Described("Make pictures", "A request's JSON, or a form with it as the part 'request' beside its files.");
        v1.MapPost("/annotations", AnnotateAsync)
            .WithJsonOrForm(typeof(ControlUnit), "unit")
            .Described("Make a hint", "A control unit's JSON, or a form with it as the part 'unit' beside its file.");
        v1.MapPost("/upscales", UpscaleAsync)
            .WithJsonOrForm(typeof(UpscaleRequest), "request")
            .Described(
                "Make a picture larger",
                "An upscale request's JSON, or a form with it as the part 'request' beside its file."
            );
    }

    /// <summary>What a caller says of a job beside its request.</summary>
    /// <exception cref="RequestException">A value is none.</exception>
    public static JobTerms TermsOf(HttpContext context)
    {
        var query = context.Request.Query;
        return new JobTerms(context.Owner())
        {
            Priority = Queries.Whole(query, "priority", int.MinValue, int.MaxValue) ?? 0,
            Group = Queries.Text(query, "group"),
            IdempotencyKey = Queries.Checked(KeyHeader, context.Request.Headers[KeyHeader]),
        };
    }

    /// <summary>The answer to whoever handed in.</summary>
    public static async Task<IResult> AcceptedAsync(
        HttpContext context,
        Submission submission,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        context.Response.Headers.Location = JobViews.UrlOf(submission.Job.Id);
        return V1Json.Answer(
            await views.OfAsync(submission.Job, cancellationToken).ConfigureAwait(false),
            StatusCodes.Status202Accepted
        );
    }

    private static async Task<IResult> GenerateAsync(
        HttpContext context,
        JobDesk desk,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        var body = await SubmittedBody.ReadAsync(context.Request, "request", cancellationToken).ConfigureAwait(false);
        var request = RequestPictures.Replace(RequestJson.Read(body.Json), body.Files.Filled);
        body.Files.RequireAllUsed();
        var submission = await desk.SubmitAsync(request, TermsOf(context), cancellationToken).ConfigureAwait(false);
        return await AcceptedAsync(context, submission, views, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IResult> AnnotateAsync(
        HttpContext context,
        JobDesk desk,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        var body = await SubmittedBody.ReadAsync(context.Request, "unit", cancellationToken).ConfigureAwait(false);
        var unit = RequestPictures.Replace(
            RequestJson.Parse(body.Json, RequestJsonContext.Default.ControlUnit),
            body.Files.Filled
        );
        body.Files.RequireAllUsed();
        var submission = await desk.SubmitAsync(unit, TermsOf(context), cancellationToken).ConfigureAwait(false);
        return await AcceptedAsync(context, submission, views, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IResult> UpscaleAsync(
        HttpContext context,
        JobDesk desk,
        JobViews views,
        CancellationToken cancellationToken
    )
    {
        var body = await SubmittedBody.ReadAsync(context.Request, "request", cancellationToken).ConfigureAwait(false);
        var request = RequestJson.Parse(body.Json, RequestJsonContext.Default.UpscaleRequest);
        request = request with { Picture = body.Files.Filled(request.Picture) };
        body.Files.RequireAllUsed();
        var submission = await desk.SubmitAsync(request, TermsOf(context), cancellationToken).ConfigureAwait(false);
        return await AcceptedAsync(context, submission, views, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Describes what <see cref="TermsOf"/> reads.</summary>
    public static RouteHandlerBuilder WithTerms(this RouteHandlerBuilder route) =>
        route.WithParameters(
            (KeyHeader, JsonSchemaType.String, "A second call with the same key and body gives the first one's job."),
            ("priority", JsonSchemaType.Integer, "Among the caller's own jobs, higher ones come first; default 0."),
            ("group", JsonSchemaType.String, "Unfinished jobs of the caller with the same group are cancelled.")
        );

    private static void Described(this RouteHandlerBuilder route, string summary, string description) =>
        route
            .WithTags("Jobs")
            .WithSummary(summary)
            .WithDescription(description)
            .WithTerms()
            .Produces<JobView>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
}
