using ControlNetSharp.Engine;
using ControlNetSharp.Runtime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ControlNetSharp.Hosting;

/// <summary>
/// Whether pictures can be made: libtorch loads and computes rightly. How many requests wait is told with it.
/// </summary>
internal sealed class EngineHealthCheck(ControlNetEngine engine) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            NativeLibraries.EnsureLoaded();
            return Task.FromResult(
                HealthCheckResult.Healthy(
                    $"{engine.Options.Device}, {engine.Waiting} requests wait.",
                    new Dictionary<string, object> { ["device"] = engine.Options.Device, ["waiting"] = engine.Waiting }
                )
            );
        }
        catch (RuntimeUnavailableException e)
        {
            return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, e.Message, e));
        }
    }
}
