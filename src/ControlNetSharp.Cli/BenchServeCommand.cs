using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Server;
using ControlNetSharp.Server.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench serve</c>: what the queue and clients that poll cost, with the embedded model. Server and
/// clients share this machine, so what the clients themselves take counts, too.
/// </summary>
internal static class BenchServeCommand
{
    private static readonly Option<string?> Clients = new("--clients")
    {
        Description = "Clients that each ask for the state of the job once a second, 1 to 2000; default 200.",
    };
    private static readonly Option<string?> Rounds = new("--rounds")
    {
        Description = "Jobs with the clients, and as many without, in turn, 1 to 100; default 5.",
    };
    private static readonly Option<string?> Steps = new("--steps")
    {
        Description = "Steps of each of these jobs, 10 to 1000; default 200.",
    };
    private const int Samples = 40;
    private const long Mebibyte = 1 << 20;

    public static Command Create() => new("serve", "What the queue and clients cost.") { Clients, Rounds, Steps };

    public static async Task RunAsync(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var (clients, rounds) = (arguments.Whole(Clients, 200, 1, 2000), arguments.Whole(Rounds, 5, 1, 100));
        var steps = arguments.Whole(Steps, 200, 10, 1000);
        var folder = Directory.CreateTempSubdirectory("controlnet-bench");
        try
        {
            var app = await ControlNetServer
                .CreateAsync(
                    new ServerSettings { Port = 0, Jobs = Path.Combine(folder.FullName, "jobs.db") },
                    cancellationToken
                )
                .ConfigureAwait(false);
            await using (app.ConfigureAwait(false))
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
                using var caller = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
                var bench = new Bench(
                    caller,
                    app.Services.GetRequiredService<JobStore>(),
                    app.Services.GetRequiredService<ControlNetEngine>(),
                    cancellationToken
                );
                // Loads the model and compiles the way of a request.
                await bench.JobAsync(5).ConfigureAwait(false);
                await Report(bench, clients, rounds, steps, output, json).ConfigureAwait(false);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task Report(Bench bench, int clients, int rounds, int steps, CommandOutput output, bool json)
    {
        var (queued, direct) = await bench.OverheadAsync().ConfigureAwait(false);
        var more = queued.Zip(direct, (through, inProcess) => through - inProcess).ToList();
        var next = await bench.NextJobAsync().ConfigureAwait(false);
        var before = Environment.WorkingSet;
        var (alone, watched, asked) = await bench.PollAsync(clients, rounds, steps).ConfigureAwait(false);
        var report = new
        {
            clients,
            queries = asked.Count,
            queryMillisecondsP50 = Quantile(asked, 0.5),
            queryMillisecondsP99 = Quantile(asked, 0.99),
            stepMillisecondsAlone = 1000 * Quantile(alone, 0.5),
            stepMillisecondsWithClients = 1000 * Quantile(watched, 0.5),
            slowdown = Quantile(watched, 0.5) / Quantile(alone, 0.5) - 1,
            pictureMillisecondsInProcess = Quantile(direct, 0.5),
            pictureMillisecondsThroughQueue = Quantile(queued, 0.5),
            queueOverheadMilliseconds = Quantile(more, 0.5),
            queueOverheadMillisecondsP10 = Quantile(more, 0.1),
            queueOverheadMillisecondsP90 = Quantile(more, 0.9),
            betweenJobsMilliseconds = Quantile(next, 0.5),
            memoryGrowthBytes = Environment.WorkingSet - before,
        };
        output.Report(
            json,
            report,
            string.Join(
                Environment.NewLine,
                $"State queries         {report.queries} of {clients} clients: half in "
                    + $"{report.queryMillisecondsP50:f1} ms, 99 % in {report.queryMillisecondsP99:f1} ms",
                $"Step                  {report.stepMillisecondsAlone:f1} ms alone, "
                    + $"{report.stepMillisecondsWithClients:f1} ms with the clients "
                    + $"({report.slowdown:+0.0%;-0.0%})",
                $"Picture               {report.pictureMillisecondsThroughQueue:f1} ms through the queue, "
                    + $"{report.pictureMillisecondsInProcess:f1} ms in process "
                    + $"({report.queueOverheadMilliseconds:f1} ms more; {report.queueOverheadMillisecondsP10:f1} to "
                    + $"{report.queueOverheadMillisecondsP90:f1} for 8 pairs of 10)",
                $"Between two jobs      {report.betweenJobsMilliseconds:f1} ms",
                $"Memory                {(double)report.memoryGrowthBytes / Mebibyte:f0} MiB more at the end"
            )
        );
    }

    private static double Quantile(List<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted[(int)Math.Min(sorted.Count - 1, share * sorted.Count)];
    }

    private sealed class Bench(
        HttpClient caller,
        JobStore store,
        ControlNetEngine engine,
        CancellationToken cancellationToken
    )
    {
        private long _seed;

        /// <summary>A job from its request to the bytes of its picture.</summary>
        public async Task<Job> JobAsync(int steps)
        {
            var job = (
                await store
                    .WaitAsync(await SubmitAsync(steps).ConfigureAwait(false), cancellationToken)
                    .ConfigureAwait(false)
            )!;
            await caller
                .GetByteArrayAsync($"/v1/jobs/{job.Id}/files/picture-0.png", cancellationToken)
                .ConfigureAwait(false);
            return job;
        }

        /// <summary>
        /// Milliseconds of a picture of one step through the queue, and in process, in turn: with more steps their
        /// noise hides the difference.
        /// </summary>
        public async Task<(List<double> Queued, List<double> Direct)> OverheadAsync()
        {
            var (queued, direct) = (new List<double>(), new List<double>());
            for (var i = 0; i < Samples; i++)
            {
                var clock = Stopwatch.GetTimestamp();
                await JobAsync(1).ConfigureAwait(false);
                queued.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
                clock = Stopwatch.GetTimestamp();
                var result = await engine
                    .GenerateAsync(Request(1), cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                _ = result.Pictures[0].ToPng();
                direct.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            }

            return (queued, direct);
        }

        /// <summary>Milliseconds from the end of a job to that of the next that are not spent in the engine.</summary>
        public async Task<List<double>> NextJobAsync()
        {
            var ids = new List<string>();
            for (var i = 0; i < Samples; i++)
            {
                ids.Add(await SubmitAsync(5).ConfigureAwait(false));
            }

            var between = new List<double>();
            Job? before = null;
            foreach (var id in ids)
            {
                var job = (await store.WaitAsync(id, cancellationToken).ConfigureAwait(false))!;
                if (before is not null)
                {
                    between.Add(
                        (job.Finished!.Value - before.Finished!.Value).TotalMilliseconds
                            - 1000 * job.Facts!["totalSeconds"]!.GetValue<double>()
                    );
                }

                before = job;
            }

            return between;
        }

        /// <summary>Seconds of a step without clients and with them, in turn; milliseconds of queries.</summary>
        public async Task<(List<double> Alone, List<double> Watched, List<double> Asked)> PollAsync(
            int clients,
            int rounds,
            int steps
        )
        {
            var (alone, watched, asked) = (new List<double>(), new List<double>(), new List<double>());
            // What answers is compiled again while it is called for the first time.
            await WatchedAsync(await SubmitAsync(steps).ConfigureAwait(false), clients).ConfigureAwait(false);
            for (var round = 0; round < rounds; round++)
            {
                alone.Add(SecondsPerStep(await JobAsync(steps).ConfigureAwait(false)));
                var id = await SubmitAsync(steps).ConfigureAwait(false);
                var (seconds, took) = await WatchedAsync(id, clients).ConfigureAwait(false);
                watched.Add(seconds);
                asked.AddRange(took);
            }

            return (alone, watched, asked);
        }

        private async Task<(double SecondsPerStep, List<double> Asked)> WatchedAsync(string id, int clients)
        {
            using var polling = new PollingClients(new Uri(caller.BaseAddress!, $"/v1/jobs/{id}"), clients);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var asking = polling.AskAsync(over.Token);
            var job = (await store.WaitAsync(id, cancellationToken).ConfigureAwait(false))!;
            await over.CancelAsync().ConfigureAwait(false);
            return (SecondsPerStep(job), await asking.ConfigureAwait(false));
        }

        private async Task<string> SubmitAsync(int steps)
        {
            using var content = new StringContent(
                RequestJson.Write(Request(steps)),
                new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
            );
            using var answer = await caller
                .PostAsync("/v1/generations", content, cancellationToken)
                .ConfigureAwait(false);
            answer.EnsureSuccessStatusCode();
            var job = await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken).ConfigureAwait(false);
            return job!["id"]!.GetValue<string>();
        }

        private GenerationRequest Request(int steps) =>
            new()
            {
                Prompt = "a red house",
                Seed = _seed++,
                Steps = steps,
            };

        private static double SecondsPerStep(Job job) => job.Facts!["secondsPerStep"]!.GetValue<double>();
    }
}
