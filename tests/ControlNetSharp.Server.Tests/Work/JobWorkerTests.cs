using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace ControlNetSharp.Server.Tests.Work;

public class JobWorkerTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static GenerationRequest Request(int steps = 2) =>
        new()
        {
            Prompt = "a red house",
            Seed = 7,
            Steps = steps,
            Size = new PictureSize(64, 64),
        };

    [Fact]
    public async Task Generation_WithPocket_GivesThePictureOfTheEngine()
    {
        await using var server = await RunningServer.StartAsync();
        var desk = server.App.Services.GetRequiredService<JobDesk>();

        var submission = await desk.SubmitAsync(Request(), new JobTerms("local"), Stop);
        var job = await server.Store.WaitAsync(submission.Job.Id, Stop);

        Assert.Equal((JobState.Done, null), (job!.State, job.Error));
        var file = Assert.Single(await server.Store.FilesAsync(job.Id, Stop));
        var bytes = (await server.Store.Blobs.GetAsync(file.Sha256, Stop))!.Value.Bytes;
        var expected = await server.App.Services.GetRequiredService<ControlNetEngine>().GenerateAsync(Request(), cancellationToken: Stop);
        Assert.Equal(
            expected.Pictures[0].Picture.Rgb,
            PictureSource.FromBytes(bytes).Read().Rgb
        );
    }

    [Fact]
    public async Task Cancelled_WhileRunning_EndsBeforeItsLastStep()
    {
        await using var server = await RunningServer.StartAsync();
        var desk = server.App.Services.GetRequiredService<JobDesk>();
        var id = (await desk.SubmitAsync(Request(1000), new JobTerms("local"), Stop)).Job.Id;
        while ((await server.Store.FindAsync(id, null, Stop))!.Progress is not { Step: > 0 })
        {
            await server.Store.NextChangeAsync(id, Stop);
        }

        Assert.True(await server.Store.CancelAsync(id, "local", Stop));
        var job = await server.Store.WaitAsync(id, Stop);

        Assert.Equal(JobState.Cancelled, job!.State);
        Assert.InRange(job.Progress!.Step, 1, 999);
    }

    [Fact]
    public async Task Picture_ByPath_IsRefusedByItsMember()
    {
        await using var server = await RunningServer.StartAsync();
        var desk = server.App.Services.GetRequiredService<JobDesk>();
        var request = Request() with { Units = [ControlUnit.Canny("/etc/passwd")] };

        var e = await Assert.ThrowsAsync<RequestException>(() => desk.SubmitAsync(request, new JobTerms("local"), Stop));

        Assert.Equal("units[0].picture", e.Member);
    }
}
