using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ControlNetSharp.Server.V1;

/// <summary>
/// Exceptions below <c>/v1</c> as problem details (RFC 9457), with the member's path where one is at fault.
/// </summary>
internal sealed class ProblemHandler(IProblemDetailsService problems) : IExceptionHandler
{
    public ValueTask<bool> TryHandleAsync(
        HttpContext httpContext,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        var (status, error, retryAfter) = ApiError.Of(exception);
        if (retryAfter is { } pause)
        {
            httpContext.Response.Headers.RetryAfter = pause.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        }

        httpContext.Response.StatusCode = status;
        var problem = new ProblemDetails { Status = status, Detail = error.Message };
        problem.Extensions["code"] = error.Code;
        if (error.Member is not null)
        {
            problem.Extensions["member"] = error.Member;
        }

        return problems.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = problem });
    }
}
