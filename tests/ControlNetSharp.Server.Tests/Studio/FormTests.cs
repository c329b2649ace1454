using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>Fields that are there only where the server says that they apply, and what they ask for.</summary>
[Collection(StudioTestGroup.Name)]
public sealed class FormTests(StudioBrowser browser)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task IpAdapter_TakesFurtherPictures_AndNoMode()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        await server.Store.Queue.RegisterAsync(
            "far",
            ["kind:generation", "kind:annotation", "model:sd15", "controlnet:ip-adapter_sd15", "controlnet:control_v11p_sd15_canny"],
            Stop
        );
        await using var studio = await browser.OpenAsync(server: server);
        await studio.Control(1).GetByRole(AriaRole.Button, new() { Name = "Remove control" }).ClickAsync();
        await studio.Button("Add control").ClickAsync();
        var unit = studio.Control(1);
        await unit.GetByText("Mode, resize, region").ClickAsync();
        var kind = unit.GetByRole(AriaRole.Combobox, new() { Name = "Kind" });
        var mode = unit.GetByRole(AriaRole.Combobox, new() { Name = "Mode", Exact = true });
        var transfer = unit.GetByRole(AriaRole.Combobox, new() { Name = "What is taken over" });
        var combine = unit.GetByRole(AriaRole.Combobox, new() { Name = "Several pictures" });
        await kind.SelectOptionAsync("canny");
        await Expect(mode).ToBeVisibleAsync();
        await Expect(transfer).ToBeHiddenAsync();

        await kind.SelectOptionAsync("ip");
        await Expect(mode).ToBeHiddenAsync();
        await Expect(combine).ToBeHiddenAsync();
        FilePayload[] files = [.. Enumerable.Range(1, 3).Select(File)];
        await unit.Locator("input[type=file]:not([multiple])").First.SetInputFilesAsync(files[0]);
        await unit.Locator("input[type=file][multiple]").SetInputFilesAsync(files[1..]);
        await transfer.SelectOptionAsync("style");
        await combine.SelectOptionAsync("concat");
        var further = unit.GetByRole(AriaRole.List, new() { Name = "Further pictures" });
        await Expect(further.GetByRole(AriaRole.Img)).ToHaveCountAsync(2);
        await studio.Generate.ClickAsync();
        await studio.Cancel.WaitForAsync();

        var asked = (await RequestOfNewestAsync(server))["units"]![0]!;
        Assert.Equal(2, asked["more"]!.AsArray().Count);
        Assert.Equal(("ip", "style", "concat"), ((string?)asked["kind"], (string?)asked["transfer"], (string?)asked["combine"]));
    }

    [Fact]
    public async Task Enlarging_MakesTheResultLarger_AndThePictureToStartFromToo()
    {
        await using var studio = await browser.OpenAsync();
        await studio.Steps.FillAsync("2");
        await studio.Page.Locator("summary", new() { HasText = "Enlarge" }).ClickAsync();
        await studio.Page.GetByRole(AriaRole.Switch, new() { Name = "Make it larger" }).CheckAsync();
        await studio.Page.GetByRole(AriaRole.Slider, new() { Name = "How much larger" }).FillAsync("1.5");
        await studio.Page.GetByRole(AriaRole.Slider, new() { Name = "How much is made anew" }).FillAsync("0.1");
        await studio.Page.GetByRole(AriaRole.Combobox, new() { Name = "Tiles follow" }).SelectOptionAsync("lineart");

        var made = await studio.MakeAsync();

        Assert.Equal(384, await WidthAsync(studio));
        var upscale = (await RequestOfNewestAsync(browser.Server))["upscale"]!;
        Assert.Equal((1.5, "lineart", "lanczos"), ((double)upscale["scale"]!, (string?)upscale["control"], (string?)upscale["upscaler"]));

        // The finished picture, twice as large as it is: without its units, which were for the first pass.
        await studio.Button("Enlarge").ClickAsync();
        await Expect(studio.Picture).Not.ToHaveAttributeAsync("src", made, new() { Timeout = Patience.Milliseconds });
        await studio.WhenMadeAsync();
        Assert.Equal(768, await WidthAsync(studio));
    }

    private static FilePayload File(int number) =>
        new() { Name = $"{number}.png", MimeType = "image/png", Buffer = StudioPage.Disk(40 * number) };

    private static Task<int> WidthAsync(StudioPage studio) =>
        studio.Picture.EvaluateAsync<int>("async (img) => { await img.decode(); return img.naturalWidth; }");

    private static async Task<JsonNode> RequestOfNewestAsync(RunningServer server)
    {
        var told = await server.Client.GetFromJsonAsync<JsonNode>("/v1/jobs?kind=generation&limit=1", Stop);
        return (await server.Client.GetFromJsonAsync<JsonNode>($"/v1/jobs/{told!["jobs"]![0]!["id"]}/request", Stop))!;
    }
}
