using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Docs;
using Xunit;

namespace ControlNetSharp.Tests.Packaging;

/// <summary>
/// A .NET developer's first hour: packages from a folder, fresh projects outside the repository, ten lines, a picture.
/// Minutes long, so it runs where it is asked for: <c>-explicit only</c>, as <c>.ci/long</c> does.
/// </summary>
public sealed partial class PackageTests(PackageFeed feed) : IClassFixture<PackageFeed>
{
    private const string Picture = "controlled.png";

    /// <summary>Rows of a picture in the shape of the photograph, of 600 x 400 pixels, at the embedded model's size.</summary>
    private const int Height = 192;

    [Fact(Explicit = true)]
    public void Console_MakesAPicture()
    {
        var project = feed.NewProject("console", "ControlNetSharp", "ControlNetSharp.Cpu", "ControlNetSharp.Pocket");
        // What the README says is enough.
        var example = new MarkdownFile(Repository.PathOf("README.md")).Blocks("csharp").First();
        File.WriteAllText(Path.Combine(project, "Program.cs"), example);

        feed.Run(project, "run");

        Assert.Equal(Height, PictureReader.Read(Path.Combine(project, Picture)).Height);
    }

    [Fact(Explicit = true)]
    public void ExtensionsAI_MakesAPicture()
    {
        var project = feed.NewProject(
            "console",
            "ControlNetSharp.Extensions.AI",
            "ControlNetSharp.Cpu",
            "ControlNetSharp.Pocket",
            "Microsoft.Extensions.DependencyInjection"
        );
        File.WriteAllText(
            Path.Combine(project, "Program.cs"),
            """
            #pragma warning disable MEAI001
            using ControlNetSharp.Extensions.AI;
            using ControlNetSharp.Requests;
            using Microsoft.Extensions.AI;
            using Microsoft.Extensions.DependencyInjection;

            var services = new ServiceCollection();
            services.AddControlNetImageGenerator();
            await using var provider = services.BuildServiceProvider();
            var generator = provider.GetRequiredService<IImageGenerator>();
            var options = new ImageGenerationOptions().With("steps", 2).WithControl(ControlUnit.Canny("cup.png"));
            var response = await generator.GenerateImagesAsync("a blue cup", options);
            File.WriteAllBytes("controlled.png", ((DataContent)response.Contents[0]).Data.ToArray());
            """
        );

        feed.Run(project, "run");

        Assert.Equal(Height, PictureReader.Read(Path.Combine(project, Picture)).Height);
    }

    [Fact(Explicit = true)]
    public async Task AspNetCore_ServesPicturesAndTheStudio()
    {
        var project = feed.NewProject("web", "ControlNetSharp.Server", "ControlNetSharp.Cpu", "ControlNetSharp.Pocket");
        File.WriteAllText(
            Path.Combine(project, "Program.cs"),
            """
            using ControlNetSharp.Server;

            var builder = WebApplication.CreateBuilder(args);
            builder.Services.AddControlNetServer(new ServerSettings { Jobs = "jobs.db", TrainingFolder = "training" });
            var app = builder.Build();
            app.MapControlNet();
            app.Run("http://127.0.0.1:0");
            """
        );
        feed.Run(project, "build");
        using var server = feed.Start(project, "run", "--no-build");
        var address = await AddressAsync(server);
        using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) };
        var stop = TestContext.Current.CancellationToken;
        try
        {
            using var response = await client.PostAsJsonAsync(
                "/v1/images/generations",
                new { prompt = "a blue cup", size = "128x128", steps = 1 },
                stop
            );

            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(stop));
            Assert.Contains("<html", await client.GetStringAsync("/", stop), StringComparison.Ordinal);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    [Fact(Explicit = true)]
    public void Tool_MakesAPicture()
    {
        var folder = feed.NewFolder();
        feed.Run(folder, "tool", "install", "ControlNetSharp.Tool", "--tool-path", "tools", "--version", feed.Version);
        var tool = Path.Combine(folder, "tools", OperatingSystem.IsWindows() ? "controlnet.exe" : "controlnet");

        PackageFeed.Run(folder, tool, ["generate", "-p", "a blue cup", "-c", "canny=cup.png", "--steps", "2", "-o", Picture]);

        Assert.Equal(Height, PictureReader.Read(Path.Combine(folder, Picture)).Height);
    }

    private static async Task<string> AddressAsync(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (Address().Match(line) is { Success: true } address)
            {
                return address.Value;
            }
        }

        throw new InvalidOperationException("The server ended before it listened.");
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex Address();
}
