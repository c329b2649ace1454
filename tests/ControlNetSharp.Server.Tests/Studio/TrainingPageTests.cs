using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>The pages that train a ControlNet and measure how well control works, at short sizes.</summary>
[Collection(StudioTestGroup.Name)]
public sealed class TrainingPageTests(StudioBrowser browser)
{
    private static readonly LocatorAssertionsToBeVisibleOptions Patient = new() { Timeout = Patience.Milliseconds };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Plan_SaysWhatATrainingWouldCost_AndMakesNone()
    {
        await using var studio = await OpenAsync("only-planned", steps: 7);

        await studio.Button("What would it cost?").ClickAsync();

        await Expect(studio.Page.GetByRole(AriaRole.Status).Filter(new() { HasText = "for 7 steps on this machine" }))
            .ToBeVisibleAsync(Patient);
        Assert.Equal(0, await Run(studio, "only-planned").CountAsync());
    }

    [Fact]
    public async Task StoppedTraining_GoesOnWhereItWas()
    {
        await using var studio = await OpenAsync("in-two-parts", steps: 5000);
        var run = Run(studio, "in-two-parts");
        await studio.Button("Train").ClickAsync();
        await Waiting.UntilAsync(() => CurveAsync("in-two-parts"), steps => steps.Count >= 2);
        await Expect(run.GetByRole(AriaRole.Img, new() { Name = "loss" })).ToBeVisibleAsync(Patient);

        await run.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await run.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();

        // The later one stands above, and the first one can be resumed no more.
        await Expect(run).ToHaveCountAsync(2, new() { Timeout = Patience.Milliseconds });
        await Expect(run.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToHaveCountAsync(0, new() { Timeout = Patience.Milliseconds });
        var steps = await Waiting.UntilAsync(() => CurveAsync("in-two-parts"), steps => steps.Count > 0);
        Assert.True(steps[0] > 2, $"The second part begins at step {steps[0]}.");
        await run.First.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(run.First.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeVisibleAsync(Patient);
    }

    [Fact]
    public async Task ShortTraining_GivesAControlThatMakesAPicture()
    {
        await using var studio = await OpenAsync("by-hand", steps: 2);
        await studio.Button("Train").ClickAsync();
        await studio.Page.GetByRole(AriaRole.Button, new() { Name = "Use as control" }).ClickAsync();

        await studio.Control(2).Locator("input[type=file]").First.SetInputFilesAsync(
            new FilePayload { Name = "disk.png", MimeType = "image/png", Buffer = StudioPage.Disk() }
        );
        await studio.HintPreview(2).WaitForAsync();
        await studio.Steps.FillAsync("2");
        var made = await studio.MakeAsync();

        var request = await browser.Server.Client.GetStringAsync(
            new Uri(made[..made.IndexOf("/files", StringComparison.Ordinal)] + "/request", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("by-hand/", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scoreboard_MeasuresAKind_AndShowsItsTableAndPictures()
    {
        await using var studio = await browser.OpenAsync();
        await studio.Page.GetByRole(AriaRole.Radio, new() { Name = "Scoreboard" }).CheckAsync();
        await studio.Page.GetByRole(AriaRole.Combobox, new() { Name = "What is measured" }).SelectOptionAsync("canny");
        await studio.Page.GetByLabel("Scenes for each kind").FillAsync("1");
        await studio.Steps.FillAsync("2");

        await studio.Button("Measure").ClickAsync();

        var run = studio.Page.GetByRole(AriaRole.List, new() { Name = "Measurements" });
        await Expect(run.GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync(Patient);
        await Expect(run.GetByRole(AriaRole.Rowheader, new() { Name = "Edges (canny)" })).ToBeVisibleAsync(Patient);
        Assert.Equal(1, await run.GetByRole(AriaRole.Rowheader).CountAsync());
        await Expect(run.GetByRole(AriaRole.Img, new() { Name = "Edges (canny)" }).First).ToBeVisibleAsync(Patient);
        await studio.KeepAsync("scoreboard");
    }

    private async Task<StudioPage> OpenAsync(string name, int steps)
    {
        var studio = await browser.OpenAsync();
        await studio.Page.GetByRole(AriaRole.Radio, new() { Name = "Training" }).CheckAsync();
        await studio.Page.GetByLabel("How many").FillAsync("4");
        await studio
            .Page.GetByLabel("Training length in steps")
            .FillAsync(steps.ToString(CultureInfo.InvariantCulture));
        await studio.Page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        return studio;
    }

    private static ILocator Run(StudioPage studio, string name) =>
        studio
            .Page.GetByRole(AriaRole.List, new() { Name = "Trainings" })
            .GetByRole(AriaRole.Listitem)
            .Filter(new() { HasText = name });

    /// <summary>The steps whose loss the newest training of this name has told; none before it computes.</summary>
    private async Task<IReadOnlyList<long>> CurveAsync(string name)
    {
        var told = await browser.Server.Client.GetFromJsonAsync<JsonNode>("/v1/jobs?kind=training&limit=20", Stop);
        var newest = told!["jobs"]!.AsArray().FirstOrDefault(job => ((string)job!["title"]!).EndsWith(name, StringComparison.Ordinal));
        return [.. newest?["facts"]?["curve"]?.AsArray().Select(point => (long)point!["step"]!) ?? []];
    }
}
