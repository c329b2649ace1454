using System.Net;
using System.Text.RegularExpressions;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace ControlNetSharp.Server.Tests.Operation;

public partial class HealthTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_OnceTheWorkersAreThere()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 2 });

        Assert.Equal("alive", await server.Client.GetStringAsync("/healthz", Stop));
        while ((await server.Client.GetAsync("/readyz", Stop)).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(20, Stop);
        }

        Assert.Equal(2, (await server.Store.Queue.WorkersAsync(Stop)).Count);
    }

    [Fact]
    public async Task NotReady_WhereTheStoreIsAway_ButAlive()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 }, folder);
        // As if the disk had been taken away.
        Directory.Move(folder.Path, folder.Path + "-away");
        try
        {
            await File.WriteAllTextAsync(folder.Path, "", Stop);
            using var ready = await server.Client.GetAsync("/readyz", Stop);
            using var alive = await server.Client.GetAsync("/healthz", Stop);

            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK),
                (ready.StatusCode, alive.StatusCode)
            );
        }
        finally
        {
            File.Delete(folder.Path);
            Directory.Move(folder.Path + "-away", folder.Path);
        }
    }

    [Fact]
    public async Task Metrics_CountJobsStepsAndPictures()
    {
        await using var server = await RunningServer.StartAsync();
        var desk = server.App.Services.GetRequiredService<JobDesk>();
        for (var i = 0; i < 2; i++)
        {
            var id = (await desk.SubmitAsync(Request(3), new JobTerms("local"), Stop)).Job.Id;
            await server.Store.WaitAsync(id, Stop);
        }

        // The worker counts after it has told the store.
        var page = "";
        for (var i = 0; i < 100 && !Ended().IsMatch(page); i++)
        {
            await Task.Delay(50, Stop);
            page = await server.Client.GetStringAsync("/metrics", Stop);
        }

        string[] names =
        [
            "controlnet_queue_length",
            "controlnet_queue_age_seconds",
            "controlnet_queue_running",
            "controlnet_jobs_total",
            "controlnet_step_duration_seconds_bucket",
            "controlnet_job_duration_seconds_bucket",
            "controlnet_shelf_hits",
            "controlnet_shelf_size_bytes",
            "controlnet_process_memory_bytes",
        ];
        Assert.All(names, name => Assert.Contains(name, page, StringComparison.Ordinal));
        Assert.Matches(Ended(), page);
        Assert.Matches("""controlnet_pictures_total(\{[^}]*\})? [2-9]""", page);
    }

    [Fact]
    public async Task End_DuringAJob_StopsItBeforeItsNextStepAndQueuesItAgain()
    {
        using var folder = new TemporaryFolder();
        string id;
        await using (var server = await RunningServer.StartAsync(null, folder))
        {
            var desk = server.App.Services.GetRequiredService<JobDesk>();
            id = (await desk.SubmitAsync(Request(1000), new JobTerms("local"), Stop)).Job.Id;
            while ((await server.Store.FindAsync(id, null, Stop))!.Progress is not { Step: > 0 })
            {
                await server.Store.NextChangeAsync(id, Stop);
            }

            server.App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        }

        await using var store = await JobStore.OpenAsync(folder["jobs.db"], null, Stop);
        var job = (await store.FindAsync(id, null, Stop))!;
        Assert.Equal((JobState.Queued, 1), (job.State, job.Attempt));
        Assert.Empty(await store.Queue.WorkersAsync(Stop));
    }

    [Fact]
    public async Task EachDevice_HasAnEngineOfItsOwn_AndItsWorkersUseIt()
    {
        // A second device that is not there still has its worker, which says so of its jobs.
        await using var server = await RunningServer.StartAsync(new ServerSettings { Devices = ["cpu", "cuda:7"] });
        var services = server.App.Services;

        Assert.Equal("cpu", services.GetRequiredService<ControlNetEngine>().Options.Device);
        Assert.Equal("cuda:7", services.GetRequiredKeyedService<ControlNetEngine>("cuda:7").Options.Device);
        Assert.Equal(
            ["cpu", "cuda:7"],
            services.GetServices<WorkerSettings>().Select(worker => worker.Name.Split('/')[2])
        );
    }

    // Servers of other tests in this process count in the same place.
    [GeneratedRegex("""controlnet_jobs_total\{[^}]*end="done"[^}]*\} ([2-9]|\d\d)""", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Ended();

    private static GenerationRequest Request(int steps) =>
        new()
        {
            Prompt = "a red house",
            Seed = 7,
            Steps = steps,
            Size = new PictureSize(64, 64),
        };
}
