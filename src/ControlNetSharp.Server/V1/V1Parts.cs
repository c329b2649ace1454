using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.V1;

/// <summary>The server's own API, <c>/v1</c>.</summary>
internal static class V1Parts
{
    /// <summary>Where it begins.</summary>
    public const string Root = "/v1";

    public static IServiceCollection AddV1(this IServiceCollection services) =>
        services
            // What is refused before a route is found has a status alone.
            .AddProblemDetails(options =>
                options.CustomizeProblemDetails = told =>
                    told.ProblemDetails.Extensions.TryAdd("code", ApiError.CodeOf(told.ProblemDetails.Status ?? 0))
            )
            .AddExceptionHandler<ProblemHandler>()
            .AddSingleton<JobViews>()
            .AddSingleton<ModelCatalogue>();

    /// <summary>Whatever goes wrong below <c>/v1</c>, in a route or before it, is told in one form.</summary>
    public static WebApplication UseV1(this WebApplication app)
    {
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments(Root),
            branch => branch.UseExceptionHandler().UseStatusCodePages()
        );
        return app;
    }

    public static void MapV1(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup(Root);
        v1.MapSubmissions();
        v1.MapTrainings();
        v1.MapJobs();
        v1.MapJobFiles();
        v1.MapJobEvents();
        v1.MapUploads();
        v1.MapRead();
        v1.MapCatalogue();
        v1.MapServer();
    }
}
