using Microsoft.Playwright;
using Xunit;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>The browser that is installed and one server, for all tests of the page. Without a browser they are skipped.</summary>
public sealed class StudioBrowser : IAsyncLifetime
{
    private const string Variable = "CONTROLNETSHARP_CHROMIUM";
    private static readonly string[] Places = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? [named]
        : ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private RunningServer? _server;

    private static string? Program => Array.Find(Places, File.Exists);

    internal RunningServer Server => _server ?? throw new InvalidOperationException("There is no browser.");

    public async ValueTask InitializeAsync()
    {
        if (Program is not { } program)
        {
            return;
        }

        Assertions.SetDefaultExpectTimeout(Patience.Milliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            // A container has no sandbox of its own for a root user.
            new BrowserTypeLaunchOptions { ExecutablePath = program, Args = ["--no-sandbox"] }
        );
        _server = await RunningServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>Opens the page as a person would; skips the test where there is no browser.</summary>
    internal async Task<StudioPage> OpenAsync(BrowserNewContextOptions? options = null, RunningServer? server = null)
    {
        Assert.SkipWhen(
            Program is null,
            $"There is no browser: install chromium, or let {Variable} name one."
        );
        options ??= new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1440, Height = 900 } };
        options.Locale ??= "en-US";
        var context = await _browser!.NewContextAsync(options);
        return await StudioPage.OpenAsync(context, (server ?? Server).Address);
    }
}

[CollectionDefinition(Name)]
public sealed class StudioTestGroup : ICollectionFixture<StudioBrowser>
{
    public const string Name = "studio";
}
