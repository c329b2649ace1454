using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ControlNetSharp.Server.Operation;

/// <summary>What an operator looks at: health, metrics, traces, the log.</summary>
internal static class OperationParts
{
    private const string Program = "controlnet";

    /// <summary>
    /// How long a step and open answers may take at the end; a job that is not given back by then is by its lease.
    /// </summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    /// <summary>What every program has: measures, sent where that is asked for, and an end in good order.</summary>
    public static IServiceCollection AddOperation(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton<Measures>();
        var telemetry = services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(Program).AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
                metrics.AddMeter(Measures.Name).AddAspNetCoreInstrumentation().AddRuntimeInstrumentation()
            );
        if (settings.Telemetry)
        {
            telemetry
                .WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithTracing(traces =>
                    traces
                        .AddSource(Measures.Name)
                        .AddAspNetCoreInstrumentation(calls =>
                            calls.Filter = call => !HealthRoutes.Includes(call.Request.Path)
                        )
                        .AddOtlpExporter()
                );
        }

        return services.Configure<HostOptions>(options =>
        {
            // The worker gives its job back while open answers come to their end.
            options.ServicesStopConcurrently = true;
            options.ShutdownTimeout = LongestEnd;
        });
    }

    /// <summary>What a program that serves has, too: its measures can be fetched.</summary>
    public static IServiceCollection AddMetricsPage(this IServiceCollection services) =>
        services
            .AddHostedService<QueueWatch>()
            .ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddPrometheusExporter());

    /// <summary>The log goes to standard error: standard output carries the address.</summary>
    public static void Configure(this ILoggingBuilder logging, ServerSettings settings)
    {
        logging.ClearProviders();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.Services.Configure<ConsoleLoggerOptions>(options =>
            options.LogToStandardErrorThreshold = LogLevel.Trace
        );
        if (settings.LogJson)
        {
            logging.AddJsonConsole(options => options.TimestampFormat = "O");
        }
        else
        {
            logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss ";
            });
        }
    }

    /// <summary>Health, and the measures for Prometheus.</summary>
    public static void MapOperation(this IEndpointRouteBuilder routes)
    {
        routes.MapHealth();
        routes.MapPrometheusScrapingEndpoint("/metrics");
    }
}
