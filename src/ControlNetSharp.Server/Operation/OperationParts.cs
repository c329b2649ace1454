using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.Operation;

/// <summary>What an operator looks at: health, metrics, traces.</summary>
internal static class OperationParts
{
    public static IServiceCollection AddOperation(this IServiceCollection services, ServerSettings settings) =>
        services;

    public static void MapOperation(this IEndpointRouteBuilder routes) { }
}
