using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.Safety;

/// <summary>Who may call, from where, with how much.</summary>
internal static class SafetyParts
{
    /// <summary>Whose the jobs of a caller without a name are.</summary>
    public const string Nobody = "local";

    public static IServiceCollection AddSafety(this IServiceCollection services, ServerSettings settings) => services;

    public static WebApplication UseSafety(this WebApplication app) => app;

    /// <summary>Whose the jobs of this call are.</summary>
    public static string Owner(this HttpContext context) => context.User.Identity?.Name ?? Nobody;
}
