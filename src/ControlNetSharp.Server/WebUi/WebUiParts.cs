using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlNetSharp.Server.WebUi;

/// <summary>The API of stable-diffusion-webui, <c>/sdapi/v1</c>, <c>/internal</c> and <c>/controlnet</c>.</summary>
internal static class WebUiParts
{
    public static IServiceCollection AddWebUi(this IServiceCollection services) =>
        services
            .AddSingleton<WebUiModels>()
            .AddSingleton<WebUiUpscalers>()
            .AddSingleton<ControlModules>()
            .AddSingleton<OptionStore>()
            .AddSingleton<CallerJobs>()
            .AddSingleton<SliderValues>()
            .AddSingleton<UnitRequests>()
            .AddSingleton<GenerationPlanner>()
            .AddSingleton<GenerationRoutes>()
            .AddSingleton<ProgressRoutes>()
            .AddSingleton<OptionRoutes>()
            .AddSingleton<ListRoutes>()
            .AddSingleton<ControlNetRoutes>()
            .AddSingleton<DetectRoutes>()
            .AddSingleton<ExtraRoutes>();

    public static void MapWebUi(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var router = new WebUiRouter(routes, services.GetRequiredService<ILogger<WebUiRouter>>());
        services.GetRequiredService<GenerationRoutes>().Map(router);
        services.GetRequiredService<ProgressRoutes>().Map(router);
        services.GetRequiredService<OptionRoutes>().Map(router);
        services.GetRequiredService<ListRoutes>().Map(router);
        services.GetRequiredService<ControlNetRoutes>().Map(router);
        services.GetRequiredService<DetectRoutes>().Map(router);
        services.GetRequiredService<ExtraRoutes>().Map(router);
        InfoRoutes.Map(router);
        foreach (var prefix in (string[])["/sdapi", "/internal", "/controlnet"])
        {
            router.Close(prefix);
        }
    }
}
