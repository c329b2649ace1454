using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using ControlNetSharp.Server.Jobs;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>Pictures that follow the pen. Their rate is told and decides nothing: it is the machine's.</summary>
[Collection(StudioTestGroup.Name)]
public sealed partial class LiveTests(StudioBrowser browser)
{
    private const int Strokes = 6;
    private const int MovesOfAStroke = 60;

    /// <summary>Between two moves of a hand.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(16);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Live_FollowsThePen_AndGivesUpTheGoodPictureWhenItMovesOn()
    {
        await using var studio = await browser.OpenAsync();
        await studio.ChooseAsync("Room sketch");
        // So long that it cannot be done before the pen moves again.
        await studio.Steps.FillAsync("400");
        await studio.Page.GetByRole(AriaRole.Switch, new() { Name = "Live" }).CheckAsync();
        // The page shows those of other tests, too, and may fetch them late.
        var earlier = (await JobsAsync()).Select(job => $"{job.Id}").ToHashSet(StringComparer.Ordinal);
        var fetched = new ConcurrentQueue<string>();
        studio.Page.Request += (_, request) =>
        {
            if (
                FileOfAJob().Match(request.Url) is { Success: true } match
                && !earlier.Contains(match.Groups["job"].Value)
            )
            {
                fetched.Enqueue(match.Groups["job"].Value);
            }
        };
        await CountAsync(studio);

        // The first one brings the networks into memory.
        await MoveAsync(studio, y: 0.1f, Pause);
        var before = await Waiting.UntilAsync(() => CountedAsync(studio), count => count > 0);
        var clock = Stopwatch.StartNew();
        for (var stroke = 1; stroke <= Strokes; stroke++)
        {
            await MoveAsync(studio, stroke / (Strokes + 1f), Pause);
        }

        var (shown, seconds) = (await CountedAsync(studio) - before, clock.Elapsed.TotalSeconds);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"live: {shown} pictures in the {seconds:0.0} s that the pen moved, {shown / seconds:0.00} a second"
        );
        await Expect(studio.Progress).ToBeVisibleAsync(new() { Timeout = Patience.Milliseconds });
        await MoveAsync(studio, y: 0.95f, TimeSpan.Zero);

        var jobs = await Waiting.UntilAsync(
            async () => (await JobsAsync()).Where(job => IsLive(job) && !earlier.Contains($"{job.Id}")).ToList(),
            jobs => jobs.Any(job => job.State == JobState.Cancelled) && jobs.Any(IsGoingOn)
        );
        // Some that were given up, and one that goes on: the last strokes win.
        Assert.Single(jobs, job => IsGoingOn(job));
        // Each one was shown once, in the order in which they were drawn; ids grow with time.
        Assert.Equal(fetched.Order(StringComparer.Ordinal).Distinct(), fetched);
        await studio.Page.GetByRole(AriaRole.Switch, new() { Name = "Live" }).UncheckAsync();
        foreach (var job in jobs.Where(IsGoingOn))
        {
            await browser.Server.Store.CancelAsync(job.Id, cancellationToken: Stop);
        }
    }

    /// <summary>A wave from left to right in small moves.</summary>
    private static async Task MoveAsync(StudioPage studio, float y, TimeSpan pause)
    {
        var canvas = studio.Drawing(1);
        await canvas.ScrollIntoViewIfNeededAsync();
        var box = (await canvas.BoundingBoxAsync())!;
        var mouse = studio.Page.Mouse;
        for (var i = 0; i < MovesOfAStroke; i++)
        {
            var (x, wave) = ((i + 0.5f) / MovesOfAStroke, 0.04f * MathF.Sin(i / 3f));
            await mouse.MoveAsync(box.X + x * box.Width, box.Y + (y + wave) * box.Height);
            if (i == 0)
            {
                await mouse.DownAsync();
            }

            await Task.Delay(pause, Stop);
        }

        await mouse.UpAsync();
    }

    /// <summary>Counts the quick pictures that come onto the stage and differ from all before.</summary>
    private static async Task CountAsync(StudioPage studio) =>
        await studio.Page.EvaluateAsync(
            """
            () => {
              window.shownPictures = new Set();
              const canvas = Object.assign(document.createElement('canvas'), { width: 48, height: 48 });
              const context = canvas.getContext('2d');
              document.addEventListener('load', ({ target }) => {
                if (target.matches('.stage > .picture') && target.src.startsWith('blob:')) {
                  context.drawImage(target, 0, 0, canvas.width, canvas.height);
                  window.shownPictures.add(canvas.toDataURL());
                }
              }, true);
            }
            """
        );

    private static Task<int> CountedAsync(StudioPage studio) =>
        studio.Page.EvaluateAsync<int>("window.shownPictures.size");

    private static bool IsGoingOn(Job job) => job is { IsOver: false, IsCancelling: false };

    private static bool IsLive(Job job) => job.Group?.StartsWith("live-", StringComparison.Ordinal) == true;

    private Task<IReadOnlyList<Job>> JobsAsync() =>
        browser.Server.Store.ListAsync(new JobQuery { Limit = 100 }, Stop);

    [GeneratedRegex("/v1/jobs/(?<job>[^/]+)/files/picture-0", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileOfAJob();
}
