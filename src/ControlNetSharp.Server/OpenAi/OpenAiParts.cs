using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.OpenAi;

/// <summary>OpenAI's images API, <c>/v1/images</c>: what most programs have a client for.</summary>
internal static class OpenAiParts
{
    /// <summary>Where it begins.</summary>
    public const string Root = "/v1/images";

    /// <summary>Before problem details, whose own form is the one for everything else.</summary>
    public static IServiceCollection AddOpenAi(this IServiceCollection services) =>
        services.AddSingleton<IProblemDetailsWriter, ErrorWriter>().AddSingleton<ImageDesk>();

    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var images = routes.MapGroup(Root).WithTags("OpenAI");
        images.MapGenerations();
        images.MapEdits();
    }
}
