using ControlNetSharp.Server.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.Tests;

/// <summary>The real server on a real socket, in this process, with a store of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly bool _isOwn;

    private RunningServer(TemporaryFolder folder, bool isOwn, WebApplication app)
    {
        (_folder, _isOwn, App) = (folder, isOwn, app);
        Address = new Uri(app.Urls.Single());
        Client = Patience.Client(Address);
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public JobStore Store => App.Services.GetRequiredService<JobStore>();

    /// <summary>Starts one; with a folder that is given, a server after it finds the jobs of the one before.</summary>
    /// <param name="settings">How it runs; on a port and with jobs of its own where none are given.</param>
    /// <param name="folder">Where its jobs are.</param>
    /// <param name="more">Adds routes for a test.</param>
    public static async Task<RunningServer> StartAsync(
        ServerSettings? settings = null,
        TemporaryFolder? folder = null,
        Action<WebApplication>? more = null
    )
    {
        var place = folder ?? new TemporaryFolder();
        settings ??= new ServerSettings();
        var app = await ControlNetServer.CreateAsync(
            settings with
            {
                Port = settings.Port == new ServerSettings().Port ? 0 : settings.Port,
                Jobs = settings.Jobs ?? place["jobs.db"],
                TrainingFolder = place["training"],
            }
        );
        more?.Invoke(app);
        await app.StartAsync();
        return new RunningServer(place, folder is null, app);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        if (_isOwn)
        {
            _folder.Dispose();
        }
    }
}
