using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;

namespace ControlNetSharp.Server.Tests.WebUi;

/// <summary>Each test has a server of its own: what is interrupted is the caller's job, and all tests are one caller.</summary>
public sealed class ProgressTests : IAsyncLifetime
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly WebUiClient _client = new();

    public ValueTask InitializeAsync() => _client.InitializeAsync();

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task Idle_SaysNothingIsDone()
    {
        var progress = await _client.GetAsync("/sdapi/v1/progress");

        Assert.Equal((0, 0), (progress["progress"]!.GetValue<int>(), progress["state"]!["job_count"]!.GetValue<int>()));
        Assert.Null(progress["current_image"]);
    }

    [Fact]
    public async Task Running_IsTold_AndEndsWhenInterrupted()
    {
        var making = _client.MakeAsync(Body("""{"steps": 1000}"""));
        var progress = await UntilAsync(found => found["state"]!["sampling_step"]!.GetValue<int>() > 1);

        Assert.InRange(progress["progress"]!.GetValue<double>(), 0.001, 0.999);
        Assert.Equal(1000, progress["state"]!["sampling_steps"]!.GetValue<int>());
        Assert.NotNull(progress["current_image"]);
        Assert.Null((await _client.GetAsync("/sdapi/v1/progress?skip_current_image=true"))["current_image"]);

        Assert.Equal("{}", (await _client.PostAsync("/sdapi/v1/interrupt", null)).Answer!.ToJsonString());
        var (images, info, _) = await making;

        // What could be seen of it so far.
        Assert.Equal(64, Decoded(Assert.Single(images)).Width);
        Assert.Equal(7, info["seed"]!.GetValue<int>());
        Assert.True((await _client.GetAsync("/sdapi/v1/progress"))["state"]!["interrupted"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Interrupted_IsForgottenAtTheNextCall()
    {
        await _client.PostAsync("/sdapi/v1/interrupt", null);
        Assert.True((await _client.GetAsync("/sdapi/v1/progress"))["state"]!["interrupted"]!.GetValue<bool>());

        Assert.Single((await _client.MakeAsync(Body())).Images);

        Assert.False((await _client.GetAsync("/sdapi/v1/progress"))["state"]!["interrupted"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Skip_EndsOneBatchAlone()
    {
        var making = _client.MakeAsync(Body("""{"steps": 60, "n_iter": 2}"""));
        await UntilAsync(found => found["state"]!["sampling_step"]!.GetValue<int>() > 1);

        Assert.Null((await _client.PostAsync("/sdapi/v1/skip", null)).Answer);
        var (images, info, _) = await making;

        Assert.Equal(2, images.Count);
        Assert.Equal([7, 8], info["all_seeds"]!.AsArray().Select(seed => seed!.GetValue<int>()));
        // The first one is what could be seen of it, and only the second one was finished.
        Assert.Equal([false, true], info["infotexts"]!.AsArray().Select(text => text!.GetValue<string>().Length > 0));
    }

    [Fact]
    public async Task Task_ByItsName_IsToldAndInterrupted()
    {
        var first = _client.MakeAsync(Body("""{"steps": 1000, "force_task_id": "task(one)"}"""));
        await UntilAsync(found => found["state"]!["job"]!.GetValue<string>() == "task(one)");
        var second = _client.MakeAsync(Body("""{"steps": 1, "force_task_id": "task(two)"}"""));
        while ((await _client.GetAsync("/internal/pending-tasks"))["tasks"]!.AsArray().All(one => one!.GetValue<string>() != "task(two)"))
        {
            await Task.Delay(20, Stop);
        }

        var (_, queued) = await _client.PostAsync("/internal/progress", JsonNode.Parse("""{"id_task": "task(two)"}"""));
        Assert.True(queued!["queued"]!.GetValue<bool>());
        JsonNode? active;
        do
        {
            (_, active) = await _client.PostAsync("/internal/progress", JsonNode.Parse("""{"id_task": "task(one)", "id_live_preview": -1}"""));
        } while (active!["live_preview"] is null);

        Assert.True(active["active"]!.GetValue<bool>());
        Assert.StartsWith("data:image/jpeg;base64,", active["live_preview"]!.GetValue<string>(), StringComparison.Ordinal);

        await _client.PostAsync("/sdapi/v1/interrupt", JsonNode.Parse("""{"id_task": "task(one)"}"""));
        Assert.Single((await first).Images);
        Assert.Single((await second).Images);
        var (_, over) = await _client.PostAsync("/internal/progress", JsonNode.Parse("""{"id_task": "task(two)"}"""));
        Assert.Equal((false, true), (over!["active"]!.GetValue<bool>(), over["completed"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task StrangersJob_IsNeitherToldNorInterrupted()
    {
        var store = _client.Server.Store;
        var stranger = await store.SubmitAsync(
            new NewJob { Kind = JobKind.Generation, Owner = "somebody", Payload = "{}"u8.ToArray(), Alias = "task(x)", Needs = [] },
            Stop
        );

        var (_, told) = await _client.PostAsync("/internal/progress", JsonNode.Parse("""{"id_task": "task(x)"}"""));
        await _client.PostAsync("/sdapi/v1/interrupt", JsonNode.Parse("""{"id_task": "task(x)"}"""));
        await _client.PostAsync("/sdapi/v1/interrupt", null);

        Assert.Equal((false, false), (told!["active"]!.GetValue<bool>(), told["queued"]!.GetValue<bool>()));
        Assert.False((await store.FindAsync(stranger.Job.Id, null, Stop))!.IsCancelling);
    }

    [Fact]
    public async Task HangingUp_CancelsTheJob()
    {
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var content = new StringContent(Body("""{"steps": 1000}""").ToJsonString());
        var making = _client.Server.Client.PostAsync("/sdapi/v1/txt2img", content, hangUp.Token);
        await UntilAsync(found => found["state"]!["sampling_step"]!.GetValue<int>() > 0);

        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => making);

        var jobs = await _client.Server.Store.ListAsync(new JobQuery(), Stop);
        Assert.Equal(JobState.Cancelled, (await _client.Server.Store.WaitAsync(jobs.Single().Id, Stop))!.State);
    }

    private async Task<JsonNode> UntilAsync(Func<JsonNode, bool> holds)
    {
        while (true)
        {
            var progress = await _client.GetAsync("/sdapi/v1/progress");
            if (holds(progress))
            {
                return progress;
            }

            await Task.Delay(20, Stop);
        }
    }
}
