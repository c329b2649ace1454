using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ControlNetSharp.Server.Safety;

/// <summary>What browsers are told about every answer. A route that says something else itself keeps it.</summary>
internal static class SafeHeaders
{
    private const string OwnOriginOnly =
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'";

    private static readonly (string Name, string Value)[] All =
    [
        (HeaderNames.ContentSecurityPolicy, OwnOriginOnly),
        (HeaderNames.XContentTypeOptions, "nosniff"),
        (HeaderNames.XFrameOptions, "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ];

    /// <summary>Adds them once the answer begins.</summary>
    public static Task AddAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            foreach (var (name, value) in All)
            {
                context.Response.Headers.TryAdd(name, value);
            }

            return Task.CompletedTask;
        });
        return next(context);
    }
}
