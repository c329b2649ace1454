using ControlNetSharp.Engine;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Operation;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Studio;
using ControlNetSharp.Server.V1;
using ControlNetSharp.Server.WebUi;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ControlNetSharp.Server;

/// <summary>The server as a program, and as parts for one's own ASP.NET Core program.</summary>
public static class ControlNetServer
{
    /// <summary>Opens the store and puts the program together; it is not started.</summary>
    /// <param name="settings">How it runs.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    public static async Task<WebApplication> CreateAsync(
        ServerSettings settings,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        var store = await JobStore
            .OpenAsync(
                settings.Jobs ?? ServerSettings.DefaultJobs,
                settings.Queue with
                {
                    ResultsFolder = settings.Results,
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        // No file beside the program changes how it runs, and no folder but its own is served.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }
        );
        builder.WebHost.UseUrls($"http://{settings.Listen}:{settings.Port}");
        builder.Services.AddControlNet(settings, store);
        var app = builder.Build();
        app.UseV1();
        app.UseSafety();
        app.MapControlNet();
        return app;
    }

    /// <summary>Jobs, workers and what the routes need.</summary>
    internal static IServiceCollection AddControlNet(
        this IServiceCollection services,
        ServerSettings settings,
        JobStore store
    )
    {
        services.AddSingleton(settings);
        // By a factory, so that the container disposes it.
        services.AddSingleton(_ => store);
        services.AddSingleton<JobDesk>();
        services.AddHostedService<StoreSweeper>();
        if (settings.Workers > 0)
        {
            services.AddWorker(settings);
        }

        services.AddSafety(settings).AddOperation(settings).AddV1().AddWebUi();
        return services;
    }

    /// <summary>All routes.</summary>
    internal static IEndpointRouteBuilder MapControlNet(this IEndpointRouteBuilder routes)
    {
        routes.MapOperation();
        routes.MapV1();
        routes.MapWebUi();
        routes.MapStudio();
        return routes;
    }

    /// <summary>The engine of this process and its workers.</summary>
    internal static IServiceCollection AddWorker(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(_ => new ControlNetEngine(
            new EngineOptions
            {
                Device = settings.Device,
                Dtype = settings.Dtype,
                ModelFolders = settings.Models,
                AllowPaths = false,
                IdleMemory = settings.IdleMemory,
            }
        ));
        services.AddSingleton(WorkerSettings.ForThisProcess(settings.Device));
        services.AddSingleton<IJobHandler, GenerationJob>();
        services.AddSingleton<IJobHandler, AnnotationJob>();
        services.AddHostedService<JobWorker>();
        return services;
    }
}
