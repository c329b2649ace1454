using System.Net;
using System.Net.Sockets;
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
    /// <summary>Opens the store and puts the server together; it is not started.</summary>
    /// <param name="settings">How it runs.</param>
    /// <param name="cancellationToken">Ends waiting for the database.</param>
    /// <exception cref="SettingsException">Settings are wrong; every one is named.</exception>
    /// <exception cref="System.Data.Common.DbException">The database is not there or refuses.</exception>
    public static async Task<WebApplication> CreateAsync(
        ServerSettings settings,
        CancellationToken cancellationToken = default
    )
    {
        var store = await OpenAsync(settings, cancellationToken).ConfigureAwait(false);
        // No file beside the program changes how it runs, and no folder but its own is served.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }
        );
        builder.WebHost.UseUrls(AddressOf(settings));
        // A request that is answered on the thread that read it wakes no other one; the cores belong to the pictures.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Logging.Configure(settings);
        builder.Services.AddControlNet(settings, store);
        var app = builder.Build();
        app.UseV1();
        app.UseSafety();
        app.MapControlNet();
        return app;
    }

    /// <summary>Opens the store and puts a program together that only works; it is not started.</summary>
    /// <inheritdoc cref="CreateAsync" path="/param|/exception"/>
    public static async Task<IHost> CreateWorkerAsync(
        ServerSettings settings,
        CancellationToken cancellationToken = default
    )
    {
        var store = await OpenAsync(settings, cancellationToken).ConfigureAwait(false);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.Configure(settings);
        builder.Services.AddStore(settings, store).AddOperation(settings).AddWorkers(settings);
        return builder.Build();
    }

    /// <summary>The address that is listened at.</summary>
    internal static string AddressOf(ServerSettings settings)
    {
        // A free port is found for an address, not for a name.
        var address = settings.Listen == "localhost" ? IPAddress.Loopback : IPAddress.Parse(settings.Listen);
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";
        return $"http://{host}:{settings.Port}";
    }

    /// <summary>
    /// Adds the server to one's own ASP.NET Core program; <see cref="MapControlNet"/> adds its routes. Logins, checks
    /// of
    /// hosts and limits of bodies are the program's own business.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="settings">How it runs; address, logins and origins do not count.</param>
    /// <exception cref="SettingsException">Settings are wrong; every one is named.</exception>
    public static IServiceCollection AddControlNetServer(this IServiceCollection services, ServerSettings settings) =>
        // Nobody has called yet who could wait for the database elsewhere.
        services.AddControlNet(settings, OpenAsync(settings, CancellationToken.None).GetAwaiter().GetResult());

    /// <summary>Jobs, workers and what the routes need.</summary>
    internal static IServiceCollection AddControlNet(
        this IServiceCollection services,
        ServerSettings settings,
        JobStore store
    )
    {
        services.AddStore(settings, store);
        services.AddSingleton<JobDesk>();
        services.AddHostedService<StoreSweeper>();
        if (settings.Workers > 0)
        {
            services.AddWorkers(settings);
        }

        return services.AddSafety(settings).AddOperation(settings).AddMetricsPage().AddV1().AddWebUi();
    }

    /// <summary>
    /// All routes: <c>/v1</c>, those of stable-diffusion-webui and ControlNet, health and the studio page at <c>/</c>.
    /// </summary>
    /// <param name="routes">The program, or a group of its routes.</param>
    public static IEndpointRouteBuilder MapControlNet(this IEndpointRouteBuilder routes)
    {
        routes.MapOperation();
        routes.MapV1();
        routes.MapWebUi();
        routes.MapStudio();
        return routes;
    }

    private static IServiceCollection AddStore(
        this IServiceCollection services,
        ServerSettings settings,
        JobStore store
    ) =>
        // By a factory, so that the container disposes it.
        services
            .AddSingleton(settings)
            .AddSingleton(_ => store)
            .AddSingleton(new TrainingPlaces(settings.TrainingFolder));

    private static Task<JobStore> OpenAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        List<string> problems = [.. SettingRules.Problems(settings)];
        return problems.Count > 0
            ? throw new SettingsException(problems)
            : JobStore.OpenAsync(
                settings.Jobs ?? ServerSettings.DefaultJobs,
                settings.Queue with
                {
                    ResultsFolder = settings.Results,
                },
                cancellationToken
            );
    }
}
