using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace ControlNetSharp.Server.Operation;

/// <summary>What an operator looks at: health, metrics, traces, the log.</summary>
internal static class OperationParts
{
    /// <summary>How long a step and open answers may take at the end; a job that is not given back by then is by its lease.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    public static IServiceCollection AddOperation(this IServiceCollection services, ServerSettings settings) =>
        services.Configure<HostOptions>(options =>
        {
            // The worker gives its job back while open answers come to their end.
            options.ServicesStopConcurrently = true;
            options.ShutdownTimeout = LongestEnd;
        });

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

    public static WebApplication UseOperation(this WebApplication app) => app;

    public static void MapOperation(this IEndpointRouteBuilder routes) { }
}
