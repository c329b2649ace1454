using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.OpenAi;

/// <summary>Problems below <c>/v1/images</c> in the form that OpenAI's clients read.</summary>
internal sealed class ErrorWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) =>
        context.HttpContext.Request.Path.StartsWithSegments(OpenAiParts.Root);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        var code = problem.Extensions.TryGetValue("code", out var value) ? (string)value! : "failed";
        var member = problem.Extensions.TryGetValue("member", out value) ? (string?)value : null;
        var status = StatusOf(problem.Status ?? StatusCodes.Status500InternalServerError);
        context.HttpContext.Response.StatusCode = status;
        await context
            .HttpContext.Response.WriteAsJsonAsync(
                new ImageFailure(Of(code, problem.Detail ?? problem.Title ?? code, member, status)),
                OpenAiJson.Default.ImageFailure,
                cancellationToken: context.HttpContext.RequestAborted
            )
            .ConfigureAwait(false);
    }

    /// <summary>An error in OpenAI's words.</summary>
    public static ImageError Of(string code, string message, string? member, int status) =>
        new(
            message,
            status switch
            {
                StatusCodes.Status429TooManyRequests => "rate_limit_error",
                >= StatusCodes.Status500InternalServerError => "server_error",
                _ => "invalid_request_error",
            },
            member is null ? null : ImageRequest.NameOf(member),
            code
        );

    private static int StatusOf(int status) =>
        status == StatusCodes.Status422UnprocessableEntity ? StatusCodes.Status400BadRequest : status;
}
