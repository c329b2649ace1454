using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace ControlNetSharp.Server.Safety;

/// <summary>Who may call, from where, with how much.</summary>
internal static class SafetyParts
{
    /// <summary>Whose the jobs of a caller without a name are.</summary>
    public const string Nobody = "local";

    public static IServiceCollection AddSafety(this IServiceCollection services, ServerSettings settings)
    {
        services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = settings.Limits.BodyBytes;
        });
        services.Configure<FormOptions>(options =>
        {
            // A picture may come as a field, too.
            options.MultipartBodyLengthLimit = settings.Limits.BodyBytes;
            options.ValueLengthLimit = (int)Math.Min(settings.Limits.BodyBytes, int.MaxValue);
        });
        services.AddCors(options =>
            options.AddDefaultPolicy(policy =>
                policy
                    .WithOrigins([.. settings.Origins])
                    .AllowAnyHeader()
                    .AllowAnyMethod()
                    .WithExposedHeaders(
                        HeaderNames.Location,
                        HeaderNames.RetryAfter,
                        HeaderNames.ContentDisposition,
                        HeaderNames.ETag
                    )
            )
        );
        services.AddSingleton(TimeProvider.System);
        return services
            .AddSingleton<Callers>()
            .AddSingleton<FailedLogins>()
            .AddSingleton<OriginCheck>()
            .AddSingleton<LoginCheck>()
            .AddSingleton<BodyCheck>();
    }

    public static WebApplication UseSafety(this WebApplication app)
    {
        app.Use(SafeHeaders.AddAsync);
        // Named here, or they would come before all others, and answers to browsers of other origins without them.
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<OriginCheck>();
        app.UseMiddleware<LoginCheck>();
        app.UseMiddleware<BodyCheck>();
        return app;
    }

    /// <summary>Whose the jobs of this call are.</summary>
    public static string Owner(this HttpContext context) =>
        context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : Nobody;
}
