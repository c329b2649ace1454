using ControlNetSharp.Engine;
using ControlNetSharp.Extensions.AI;
using ControlNetSharp.Hosting;
using Microsoft.Extensions.AI;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>ControlNetSharp as the image generator of a program with a host.</summary>
public static class ControlNetImageGeneratorServices
{
    /// <summary>
    /// Registers <see cref="IImageGenerator"/> over one engine; what is chained to the result (UseLogging,
    /// UseOpenTelemetry …) stands before it.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Options of the engine.</param>
    public static ImageGeneratorBuilder AddControlNetImageGenerator(
        this IServiceCollection services,
        Action<ControlNetOptions>? configure = null
    )
    {
        services.AddControlNet(configure);
        return services.AddImageGenerator(provider => new ControlNetImageGenerator(
            provider.GetRequiredService<ControlNetEngine>()
        ));
    }
}
