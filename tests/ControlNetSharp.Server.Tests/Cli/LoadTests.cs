using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.Tests.V1;
using Xunit;

namespace ControlNetSharp.Server.Tests.Cli;

/// <summary>
/// A server under all that clients do at once, for CONTROLNETSHARP_LOAD seconds (default 600). Its figures are told in
/// the test's output.
/// </summary>
public class LoadTests
{
    private const int Writers = 6;
    private const int Readers = 100;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("CONTROLNETSHARP_LOAD") ?? "600", CultureInfo.InvariantCulture)
    );

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly ConcurrentDictionary<string, bool> _accepted = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<double> _queries = [];
    private readonly List<long> _memory = [];
    private int _refused;
    private int _pictures;

    [Fact(Explicit = true)]
    public async Task MixedLoad_LosesNoAcceptedJob()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ControlNetProcess.StartAsync(
            ["serve", "--port", "0", "--jobs", folder["jobs.db"], "--queue", "20"]
        );
        using var client = server.Client();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        over.CancelAfter(Length);

        await Task.WhenAll(
            [
                .. Enumerable.Range(0, Writers).Select(i => WriteAsync(client, new Random(i), over.Token)),
                .. Enumerable.Range(0, Readers).Select(i => ReadAsync(client, new Random(100 + i), over.Token)),
                WatchMemoryAsync(server.Id, over.Token),
            ]
        );

        var ends = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var job in await client.OverAsync(_accepted.Keys))
        {
            var state = RemoteJobs.StateOf(job);
            ends[state] = ends.GetValueOrDefault(state) + 1;
            Assert.True(state == "done" || (state == "cancelled" && _accepted[job["id"]!.GetValue<string>()]), $"{job}");
        }

        var sorted = _queries.Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Length.TotalSeconds:0} s: {_accepted.Count} jobs accepted, {_refused} refused, "
                + string.Join(", ", ends.Select(end => $"{end.Value} {end.Key}"))
                + $", 0 lost; {_pictures} pictures by the synchronous API; {sorted.Count} state queries, half in "
                + $"{sorted[sorted.Count / 2]:0.0} ms, 99 % in {sorted[sorted.Count * 99 / 100]:0.0} ms; memory in MiB each "
                + $"tenth of the time: {string.Join(' ', _memory.Select(bytes => bytes >> 20))}"
        );
        Assert.Equal(0, await server.EndAsync());
    }

    /// <summary>Hands in, cancels a few, and now and then makes a picture as A1111's clients do.</summary>
    private async Task WriteAsync(HttpClient client, Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var size = new { width = 64, height = 64 };
            var picture = new { data = Convert.ToBase64String(V1Calls.Png()) };
            var (route, body) = random.Next(5) switch
            {
                0 => ("/v1/annotations", (object)new { kind = "canny", picture }),
                1 => ("/sdapi/v1/txt2img", new { prompt = "a cup", steps = 1, width = 64, height = 64 }),
                2 => ("/v1/generations", new { prompt = "a house", steps = 3, size, units = new[] { new { kind = "canny", picture } } }),
                _ => ("/v1/generations", new { prompt = "a boat", steps = random.Next(1, 6), size }),
            };
            using var answer = await client.PostAsJsonAsync(route, body, Stop);
            switch (answer.StatusCode)
            {
                case HttpStatusCode.OK:
                    Interlocked.Increment(ref _pictures);
                    break;
                case HttpStatusCode.Accepted:
                    var id = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!["id"]!.GetValue<string>();
                    _accepted[id] = random.Next(10) == 0;
                    if (_accepted[id])
                    {
                        (await client.PostAsync($"/v1/jobs/{id}/cancel", null, Stop)).Dispose();
                    }

                    break;
                default:
                    Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
                    Interlocked.Increment(ref _refused);
                    await Task.Delay(200, Stop);
                    break;
            }
        }
    }

    /// <summary>Asks for the state of some job once a second.</summary>
    private async Task ReadAsync(HttpClient client, Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.5 + random.NextDouble()), Stop);
            if (_accepted.Keys.ElementAtOrDefault(random.Next(Math.Max(1, _accepted.Count))) is { } id)
            {
                var clock = Stopwatch.GetTimestamp();
                await client.JobAsync(id);
                _queries.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            }
        }
    }

    private async Task WatchMemoryAsync(int process, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(Length / 10, Stop);
            using var watched = Process.GetProcessById(process);
            _memory.Add(watched.WorkingSet64);
        }
    }
}
