using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.V1;

/// <summary>The server's own API, <c>/v1</c>.</summary>
internal static class V1Parts
{
    public static IServiceCollection AddV1(this IServiceCollection services) => services;

    public static void MapV1(this IEndpointRouteBuilder routes) { }
}
