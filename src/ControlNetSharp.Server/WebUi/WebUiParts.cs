using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.WebUi;

/// <summary>The API of stable-diffusion-webui, <c>/sdapi/v1</c>, <c>/internal</c> and <c>/controlnet</c>.</summary>
internal static class WebUiParts
{
    public static IServiceCollection AddWebUi(this IServiceCollection services) => services;

    public static void MapWebUi(this IEndpointRouteBuilder routes) { }
}
