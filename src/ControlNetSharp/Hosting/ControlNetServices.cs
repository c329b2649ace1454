using ControlNetSharp.Engine;
using ControlNetSharp.Hosting;
using ControlNetSharp.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>ControlNetSharp in a program with a host.</summary>
public static class ControlNetServices
{
    /// <summary>The name of the health check.</summary>
    public const string HealthCheck = "controlnet";

    /// <summary>
    /// Registers one <see cref="ControlNetEngine"/> for the whole program, which loads nothing before its first
    /// request, and a health check. Options are validated when the host starts. Traces come from the source
    /// <see cref="EngineTelemetry.Name"/>, metrics from the meter of the same name. Services of the type
    /// <see cref="IModelSource"/> are the engine's sources of models.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Sets options; for a section of the configuration, bind it to the result.</param>
    /// <returns>The options, so that configuration can be bound to them.</returns>
    /// <example>
    /// <code>builder.Services.AddControlNet().BindConfiguration("ControlNet");</code>
    /// </example>
    public static OptionsBuilder<ControlNetOptions> AddControlNet(
        this IServiceCollection services,
        Action<ControlNetOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(provider => new ControlNetEngine(
            provider.GetRequiredService<IOptions<ControlNetOptions>>().Value.ToEngineOptions() with
            {
                ModelSources = [.. provider.GetServices<IModelSource>()],
            },
            provider.GetService<ILogger<ControlNetEngine>>()
        ));
        services.AddHealthChecks().AddCheck<EngineHealthCheck>(HealthCheck, HealthStatus.Unhealthy, ["ready"]);
        var options = services.AddOptions<ControlNetOptions>().ValidateDataAnnotations().ValidateOnStart();
        return configure is null ? options : options.Configure(configure);
    }
}
