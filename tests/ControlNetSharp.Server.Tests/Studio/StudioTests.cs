using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Tests.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>What a person does on the page, on the embedded model and in a real browser.</summary>
[Collection(StudioTestGroup.Name)]
public sealed class StudioTests(StudioBrowser browser)
{
    /// <summary>A house: walls, roof, door.</summary>
    private static readonly (float X, float Y)[][] House =
    [
        [(0.2f, 0.45f), (0.2f, 0.85f), (0.8f, 0.85f), (0.8f, 0.45f), (0.2f, 0.45f)],
        [(0.12f, 0.45f), (0.5f, 0.15f), (0.88f, 0.45f)],
        [(0.43f, 0.85f), (0.43f, 0.6f), (0.57f, 0.6f), (0.57f, 0.85f)],
    ];

    private static readonly LocatorAssertionsToBeVisibleOptions Patient = new() { Timeout = Patience.Milliseconds };

    [Fact]
    public async Task FirstClick_MakesThePictureOfTheReadyExample()
    {
        await using var studio = await browser.OpenAsync();
        var firstPaint = await studio.Page.EvaluateAsync<double>(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
        );
        await Expect(studio.HintPreview(1)).ToBeVisibleAsync(Patient);

        var clock = Stopwatch.StartNew();
        await studio.MakeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"first paint {firstPaint:0} ms, first picture {clock.Elapsed.TotalSeconds:0.0} s after the click");

        Assert.Equal(256, await studio.Picture.EvaluateAsync<int>("async (img) => { await img.decode(); return img.naturalWidth; }"));
        await Expect(studio.Page.GetByRole(AriaRole.Button, new() { Name = "Download" })).ToBeVisibleAsync();
        await studio.KeepAsync("light");
        await studio.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await studio.KeepAsync("dark");
    }

    [Fact]
    public async Task DrawnScribble_IsFollowedByTheResult()
    {
        await using var studio = await browser.OpenAsync();
        await studio.ChooseAsync("Room sketch");
        await studio.Prompt.FillAsync("a photo of a yellow house with a red roof on green grass");
        await studio.Control(1).GetByRole(AriaRole.Button, new() { Name = "Clear" }).ClickAsync();
        foreach (var stroke in House)
        {
            await studio.DrawAsync(studio.Drawing(1), stroke);
        }

        await studio.Steps.FillAsync("8");
        await studio.Generate.ClickAsync();
        await Expect(studio.Progress).ToHaveAttributeAsync(
            "aria-valuenow",
            new Regex("^[1-9]", RegexOptions.None, TimeSpan.FromSeconds(1)),
            new() { Timeout = Patience.Milliseconds }
        );
        var followed = await studio.WhenMadeAsync();
        await studio.KeepAsync("drawing");
        await studio.Control(1).GetByRole(AriaRole.Switch, new() { Name = "On" }).UncheckAsync();
        await studio.Page.GetByRole(AriaRole.Button, new() { Name = "Keep this number" }).ClickAsync();
        var free = await studio.MakeAsync();

        Assert.NotEqual(followed, free);
        var hint = PictureReader.Read(
            await BytesAsync(followed.Replace("picture-0", "hint-0", StringComparison.Ordinal))
        );
        Assert.True(
            await EdgeScoreAsync(followed, hint) > await EdgeScoreAsync(free, hint) + 0.1,
            "The picture follows the drawing no better than one without control."
        );
    }

    [Fact]
    public async Task DraggedJoint_ChangesTheHint_AndUndoBringsItBack()
    {
        await using var studio = await browser.OpenAsync();
        await studio.ChooseAsync("Pose");
        var pose = studio.Control(1).Locator("canvas[aria-label='Pose']");
        await Expect(studio.HintPreview(1)).ToBeVisibleAsync(Patient);
        var before = await studio.LookAsync(studio.HintPreview(1));

        // The right wrist of the walking person, up over the head.
        await studio.DrawAsync(pose, (0.395f, 0.503f), (0.2f, 0.3f));

        var moved = await UntilOtherAsync(studio, before);
        await studio.KeepAsync("pose");
        await studio.Control(1).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        Assert.Equal(before, await UntilOtherAsync(studio, moved));
    }

    [Fact]
    public async Task UploadedPhotograph_ShowsWhatTheAnnotatorSees_AndItsSlidersChangeIt()
    {
        await using var studio = await browser.OpenAsync();
        await studio.ChooseAsync("Photograph");
        await Expect(studio.HintPreview(1)).ToBeVisibleAsync(Patient);
        var before = await studio.LookAsync(studio.HintPreview(1));

        await studio.Control(1).Locator("input[type=file]").First.SetInputFilesAsync(
            new FilePayload { Name = "disk.png", MimeType = "image/png", Buffer = StudioPage.Disk() }
        );
        var uploaded = await UntilOtherAsync(studio, before);
        await studio.Control(1).GetByRole(AriaRole.Combobox, new() { Name = "Kind" }).SelectOptionAsync("depth");
        await UntilOtherAsync(studio, uploaded);
    }

    [Fact]
    public async Task Cancel_EndsTheJob()
    {
        await using var studio = await browser.OpenAsync();
        await studio.Steps.FillAsync("900");
        await studio.Generate.ClickAsync();

        await studio.Cancel.ClickAsync();

        await Expect(studio.Result.GetByText("Stopped.")).ToBeVisibleAsync(new() { Timeout = Patience.Milliseconds });
        await Expect(studio.Cancel).ToBeHiddenAsync();
    }

    [Fact]
    public async Task RefusedValue_IsSaidAtItsField()
    {
        await using var studio = await browser.OpenAsync();
        await studio.Steps.FillAsync("0");

        // The browser writes a refused answer to its console, which is no fault of the page.
        var refused = await studio.Page.RunAndWaitForResponseAsync(
            () => studio.Generate.ClickAsync(),
            response => response.Url.Contains("/v1/generations", StringComparison.Ordinal)
        );

        Assert.Equal(422, refused.Status);
        await Expect(studio.Steps).ToHaveAttributeAsync("aria-invalid", "true");
        studio.Forgive("422");
    }

    [Fact]
    public async Task Gallery_HasThePicturesAfterARestart()
    {
        using var folder = new TemporaryFolder();
        const string prompt = "a green tree on a hill";
        await using (var server = await RunningServer.StartAsync(folder: folder))
        await using (var studio = await browser.OpenAsync(server: server))
        {
            await studio.Prompt.FillAsync(prompt);
            await studio.Steps.FillAsync("4");
            await studio.MakeAsync();
        }

        await using var again = await RunningServer.StartAsync(folder: folder);
        await using var opened = await browser.OpenAsync(server: again);
        var found = opened.Gallery.GetByRole(AriaRole.Button, new() { Name = prompt });
        await Expect(found).ToBeVisibleAsync(Patient);
        await opened.Page.GetByRole(AriaRole.Searchbox).FillAsync("a red balloon");
        await Expect(found).ToBeHiddenAsync(new() { Timeout = Patience.Milliseconds });
        await opened.Page.GetByRole(AriaRole.Searchbox).FillAsync("green TREE");
        await found.ClickAsync();
        await Expect(opened.Picture).ToBeVisibleAsync(Patient);
    }

    [Fact]
    public async Task DroppedPicture_BringsItsSettings()
    {
        await using var studio = await browser.OpenAsync();
        await studio.Prompt.FillAsync("a white rocket by day");
        await studio.Seed.FillAsync("4711");
        await studio.Steps.FillAsync("3");
        var picture = await studio.MakeAsync();
        await studio.ChooseAsync("Room sketch");
        await Expect(studio.Prompt).Not.ToHaveValueAsync("a white rocket by day");

        await studio.DropAsync(picture, "rocket.png");

        await Expect(studio.Prompt).ToHaveValueAsync("a white rocket by day", new() { Timeout = Patience.Milliseconds });
        await Expect(studio.Seed).ToHaveValueAsync("4711");
        await Expect(studio.Steps).ToHaveValueAsync("3");
        await Expect(studio.Control(1).GetByRole(AriaRole.Combobox, new() { Name = "Kind" })).ToHaveValueAsync("lineart");
    }

    [Fact]
    public async Task WhatThePageHasNoFieldFor_IsSeenAndSentAlong_UntilItIsLeftOut()
    {
        await using var studio = await browser.OpenAsync();
        var data = Convert.ToBase64String(V1Calls.Png(256, 256));
        var picture = await studio.Page.EvaluateAsync<string>(
            """
            async (data) => {
              const request = {
                version: 1, prompt: 'a red cup', steps: 2, seed: 5, clipSkip: 2,
                units: [{ kind: 'canny', picture: { data }, softness: 0.5, unconditional: 0, resolution: 192 }],
                regions: [{ prompt: 'a wooden table', mask: { data } }],
              };
              const headers = { 'Content-Type': 'application/json' };
              const made = await fetch('/v1/generations', { method: 'POST', headers, body: JSON.stringify(request) });
              if (!made.ok) throw new Error(await made.text());
              const { id } = await made.json();
              for (;;) {
                const job = await (await fetch(`/v1/jobs/${id}`)).json();
                if (job.state === 'done') return job.files.find(({ role }) => role === 'picture').url;
                if (job.state === 'failed') throw new Error(JSON.stringify(job.error));
                await new Promise((resolve) => setTimeout(resolve, 200));
              }
            }
            """,
            data
        );
        await studio.DropAsync(picture, "cup.png");
        await Expect(studio.Prompt).ToHaveValueAsync("a red cup", new() { Timeout = Patience.Milliseconds });
        await Expect(StudioPage.AlsoSet(studio.Page.Locator("body"))).ToHaveTextAsync(["clipSkip 2", "regions 1"]);
        await Expect(StudioPage.AlsoSet(studio.Control(1)))
            .ToHaveTextAsync(["softness 0.5", "unconditional 0", "resolution 192"]);

        await studio.Button("Leave out clipSkip").ClickAsync();
        await studio.Button("Leave out resolution").ClickAsync();
        var again = await studio.MakeAsync();
        using var sent = JsonDocument.Parse(
            await studio.Page.EvaluateAsync<string>(
                "async (url) => (await fetch(url.replace(/files.*$/, 'request'))).text()",
                again
            )
        );
        var unit = sent.RootElement.GetProperty("units")[0];
        Assert.Equal(0.5, unit.GetProperty("softness").GetDouble());
        Assert.Equal(0, unit.GetProperty("unconditional").GetDouble());
        Assert.False(unit.TryGetProperty("resolution", out _));
        Assert.Equal("a wooden table", sent.RootElement.GetProperty("regions")[0].GetProperty("prompt").GetString());
        Assert.False(sent.RootElement.TryGetProperty("clipSkip", out _));
    }

    [Fact]
    public async Task Phone_DrawsAndMakesByTouch()
    {
        await using var studio = await browser.OpenAsync(
            new()
            {
                ViewportSize = new ViewportSize { Width = 390, Height = 844 },
                HasTouch = true,
                IsMobile = true,
                DeviceScaleFactor = 2,
            }
        );
        await studio.Steps.FillAsync("6");
        await studio.Generate.TapAsync();
        await studio.WhenMadeAsync();
        await studio.KeepAsync("phone");
        Assert.True(
            await studio.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"),
            "The page is wider than the phone."
        );
        var undo = studio.Control(1).GetByRole(AriaRole.Button, new() { Name = "Undo" });
        await Expect(undo).ToBeDisabledAsync();
        await studio.Drawing(1).ScrollIntoViewIfNeededAsync();
        await studio.Drawing(1).TapAsync();
        await Expect(undo).ToBeEnabledAsync();
    }

    [Fact]
    public async Task Keyboard_AloneDrawsAndMakes()
    {
        await using var studio = await browser.OpenAsync();
        var keyboard = studio.Page.Keyboard;
        await TabToAsync(studio, studio.Prompt);
        await keyboard.PressAsync("Control+A");
        await keyboard.TypeAsync("a red house");
        await TabToAsync(studio, studio.Steps);
        await keyboard.PressAsync("Control+A");
        await keyboard.TypeAsync("3");
        await TabToAsync(studio, studio.Drawing(1));
        await keyboard.PressAsync("Space");
        for (var i = 0; i < 5; i++)
        {
            await keyboard.PressAsync("ArrowRight");
        }

        await keyboard.PressAsync("Space");
        await Expect(studio.Control(1).GetByRole(AriaRole.Button, new() { Name = "Undo" })).ToBeEnabledAsync();
        await TabToAsync(studio, studio.Generate, back: true);
        await keyboard.PressAsync("Enter");
        await studio.WhenMadeAsync();
        Assert.Equal("a red house", await studio.Picture.GetAttributeAsync("alt"));
    }

    private static async Task TabToAsync(StudioPage studio, ILocator wanted, bool back = false)
    {
        for (var i = 0; i < 80; i++)
        {
            await studio.Page.Keyboard.PressAsync(back ? "Shift+Tab" : "Tab");
            if (await wanted.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{wanted} cannot be reached by the tabulator key.");
    }

    private static Task<string> UntilOtherAsync(StudioPage studio, string old) =>
        Waiting.UntilAsync(() => studio.LookAsync(studio.HintPreview(1)), look => look != old);

    private Task<byte[]> BytesAsync(string url) =>
        browser.Server.Client.GetByteArrayAsync(new Uri(url, UriKind.Relative));

    /// <summary>How well the lines of a picture agree with its hint, read as the scoreboard reads them.</summary>
    private async Task<double> EdgeScoreAsync(string url, Picture hint)
    {
        using var asked = await browser.Server.Client.PostAsJsonAsync(
            "/v1/annotations",
            new
            {
                kind = "lineart",
                annotator = "lineart_pocket",
                resolution = hint.Width,
                picture = new { data = Convert.ToBase64String(await BytesAsync(url)) },
            }
        );
        asked.EnsureSuccessStatusCode();
        var done = await Waiting.UntilAsync(
            async () => (await browser.Server.Client.GetFromJsonAsync<JsonNode>(asked.Headers.Location))!,
            job => (string?)job["state"] is "done" or "failed"
        );
        var lines = await BytesAsync((string)done["files"]![0]!["url"]!);
        return EdgeAgreement.F1(PictureReader.Read(lines), hint, EdgeAgreement.ToleranceFor(hint));
    }
}
