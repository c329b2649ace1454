using System.Collections.Concurrent;
using ControlNetSharp.Pictures;
using Microsoft.Playwright;
using Xunit;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>
/// The open page by the names that stay. At its end nothing may have been written to the console as an error, and no
/// other host may have been asked for anything.
/// </summary>
internal sealed class StudioPage : IAsyncDisposable
{
    private const string Screenshots = "CONTROLNETSHARP_SCREENSHOTS";

    private readonly IBrowserContext _context;
    private readonly ConcurrentBag<string> _complaints = [];
    private string? _forgiven;

    private StudioPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page) = (context, page);
        page.SetDefaultTimeout(Patience.Milliseconds);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _complaints.Add($"console: {message.Text}");
            }
        };
        page.PageError += (_, error) => _complaints.Add($"page: {error}");
        page.Request += (_, request) =>
        {
            var asked = new Uri(request.Url);
            if (asked.Scheme is "http" or "https" && asked.Authority != address.Authority)
            {
                _complaints.Add($"another host: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    public ILocator Generate => Page.GetByRole(AriaRole.Button, new() { Name = "Generate" });

    public ILocator Cancel => Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" });

    public ILocator Prompt => Page.GetByRole(AriaRole.Textbox, new() { Name = "Prompt", Exact = true });

    public ILocator Seed => Page.GetByRole(AriaRole.Spinbutton, new() { Name = "Seed" });

    public ILocator Steps => Page.GetByRole(AriaRole.Spinbutton, new() { Name = "Steps" });

    public ILocator Result => Page.GetByRole(AriaRole.Region, new() { Name = "Result" });

    public ILocator Picture => Result.GetByRole(AriaRole.Img);

    public ILocator Progress => Page.GetByRole(AriaRole.Progressbar);

    public ILocator Gallery => Page.GetByRole(AriaRole.List, new() { Name = "Gallery" });

    public static async Task<StudioPage> OpenAsync(IBrowserContext context, Uri address)
    {
        var page = new StudioPage(context, await context.NewPageAsync(), address);
        await page.Page.GotoAsync(address.ToString());
        await page.Control(1).WaitForAsync();
        return page;
    }

    public ILocator Control(int number) =>
        Page.GetByRole(AriaRole.Group, new() { Name = $"Control {number}", Exact = true });

    public ILocator Drawing(int control) => Control(control).Locator("canvas[aria-label='Drawing']");

    public ILocator HintPreview(int control) => Control(control).GetByRole(AriaRole.Img, new() { Name = "Hint preview" });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public async Task ChooseAsync(string preset) =>
        await Page.GetByRole(AriaRole.List, new() { Name = "Presets" })
            .GetByRole(AriaRole.Button, new() { Name = preset })
            .ClickAsync();

    /// <summary>What is carried of a loaded request, of the request itself (the page) or of a part of it.</summary>
    public static ILocator AlsoSet(ILocator part) =>
        part.GetByRole(AriaRole.List, new() { Name = "Also set" }).First.GetByRole(AriaRole.Listitem);

    /// <summary>Drops a picture of the server onto the page, as a person drops a file.</summary>
    public async Task DropAsync(string url, string name) =>
        await Page.EvaluateAsync(
            """
            async ([url, name]) => {
              const bytes = await (await fetch(url)).blob();
              const transfer = new DataTransfer();
              transfer.items.add(new File([bytes], name, { type: 'image/png' }));
              document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }
            """,
            new[] { url, name }
        );

    /// <summary>The address of the picture that is made now.</summary>
    public async Task<string> MakeAsync()
    {
        await Generate.ClickAsync();
        await Progress.WaitForAsync();
        return await WhenMadeAsync();
    }

    public async Task<string> WhenMadeAsync()
    {
        await Picture.WaitForAsync();
        return (await Picture.GetAttributeAsync("src"))!;
    }

    /// <summary>Draws with the mouse from point to point, in shares of a canvas.</summary>
    public async Task DrawAsync(ILocator canvas, params (float X, float Y)[] points)
    {
        await canvas.ScrollIntoViewIfNeededAsync();
        var box = (await canvas.BoundingBoxAsync())!;
        foreach (var (index, (x, y)) in points.Index())
        {
            await Page.Mouse.MoveAsync(
                box.X + x * box.Width,
                box.Y + y * box.Height,
                new() { Steps = index == 0 ? 1 : 6 }
            );
            if (index == 0)
            {
                await Page.Mouse.DownAsync();
            }
        }

        await Page.Mouse.UpAsync();
    }

    /// <summary>What an <c>img</c> shows; it changes when the picture does.</summary>
    public async Task<string> LookAsync(ILocator picture) =>
        await picture.EvaluateAsync<string>(
            """
            async (img) => {
              await img.decode();
              const canvas = document.createElement('canvas');
              [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
              canvas.getContext('2d').drawImage(img, 0, 0);
              return canvas.toDataURL();
            }
            """
        );

    /// <summary>Keeps a picture of the page for docs/studio.md, where a folder for it is named.</summary>
    public async Task KeepAsync(string name)
    {
        if (Environment.GetEnvironmentVariable(Screenshots) is { Length: > 0 } folder)
        {
            await Page.Mouse.MoveAsync(0, 0);
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), Animations = ScreenshotAnimations.Disabled });
        }
    }

    /// <summary>A picture of a bright disk, for what wants a photograph.</summary>
    public static byte[] Disk(int radius = 80)
    {
        const int side = 256;
        var rgb = new byte[3 * side * side];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                var isInside = (x - 128) * (x - 128) + (y - 128) * (y - 128) < radius * radius;
                rgb.AsSpan(3 * (y * side + x), 3).Fill(isInside ? (byte)230 : (byte)40);
            }
        }

        return PictureWriter.EncodePng(new Picture(side, side, rgb));
    }

    /// <summary>A complaint with these words is what the test asked for.</summary>
    public void Forgive(string words) => _forgiven = words;

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.DoesNotContain(
            _complaints,
            complaint => _forgiven is null || !complaint.Contains(_forgiven, StringComparison.Ordinal)
        );
    }
}
