using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>What axe finds on the page, and the names that tests and screen readers go by.</summary>
[Collection(StudioTestGroup.Name)]
public sealed class AccessibilityTests(StudioBrowser browser)
{
    private static readonly string[] Serious = ["serious", "critical"];

    public static TheoryData<string, ColorScheme, int> Looks =>
        new()
        {
            { "Colouring", ColorScheme.Light, 1440 },
            { "Colouring", ColorScheme.Dark, 1440 },
            { "Pose", ColorScheme.Light, 1440 },
            { "Layout", ColorScheme.Dark, 390 },
            { "Photograph", ColorScheme.Light, 390 },
        };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Page_HasNoSeriousViolation(string preset, ColorScheme scheme, int width)
    {
        await using var studio = await browser.OpenAsync(
            new() { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = 900 } }
        );
        await studio.ChooseAsync(preset);
        await studio.HintPreview(1).WaitForAsync();
        foreach (var summary in await studio.Page.Locator("summary").AllAsync())
        {
            await summary.ClickAsync();
        }

        var result = await studio.Page.RunAxe();

        Assert.Empty(
            result
                .Violations.Where(violation => Serious.Contains(violation.Impact))
                .Select(violation => $"{violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html))}")
        );
    }

    [Fact]
    public async Task Names_AreThoseThatStay()
    {
        await using var studio = await browser.OpenAsync();
        await studio.ChooseAsync("Room sketch");
        var page = studio.Page;
        var unit = studio.Control(1);
        ILocator[] wanted =
        [
            studio.Generate,
            page.GetByRole(AriaRole.Button, new() { Name = "Add control" }),
            unit.GetByRole(AriaRole.Button, new() { Name = "Undo" }),
            unit.GetByRole(AriaRole.Button, new() { Name = "Redo" }),
            unit.GetByRole(AriaRole.Button, new() { Name = "Clear" }),
            studio.Prompt,
            page.GetByRole(AriaRole.Textbox, new() { Name = "Negative prompt" }),
            studio.Seed,
            studio.Steps,
            studio.Result,
            studio.Gallery,
            page.GetByRole(AriaRole.List, new() { Name = "Presets" }),
            unit.GetByRole(AriaRole.Combobox, new() { Name = "Kind" }),
            unit.GetByRole(AriaRole.Slider, new() { Name = "Weight" }),
            unit.GetByLabel("Drawing", new() { Exact = true }),
            studio.HintPreview(1),
        ];
        foreach (var locator in wanted)
        {
            await locator.WaitForAsync(new() { State = WaitForSelectorState.Attached });
            Assert.Equal(1, await locator.CountAsync());
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Add control" }).ClickAsync();
        await studio.Control(2).WaitForAsync();
    }

    [Fact]
    public async Task German_IsShippedToo()
    {
        await using var studio = await browser.OpenAsync();
        await studio.Page.GetByRole(AriaRole.Combobox, new() { Name = "Language" }).SelectOptionAsync("de");
        await studio.Page.GetByRole(AriaRole.Button, new() { Name = "Erzeugen" }).WaitForAsync();
    }
}
