using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.Safety;

/// <summary>A call that does not reach a route: problem details (RFC 9457), whose <c>detail</c> all clients show.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext context, int status, string code, string detail) =>
        TypedResults
            .Problem(detail, statusCode: status, extensions: new Dictionary<string, object?> { ["code"] = code })
            .ExecuteAsync(context);
}
