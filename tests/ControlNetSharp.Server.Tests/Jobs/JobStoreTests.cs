using System.Text;
using ControlNetSharp.Server.Jobs;
using Xunit;

namespace ControlNetSharp.Server.Tests.Jobs;

/// <summary>What holds in both dialects.</summary>
public abstract class JobStoreTests : IAsyncLifetime
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private JobStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await OpenAsync(new());

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Where a store of this name is, the same for the same name.</summary>
    protected abstract Task<string> PlaceAsync(string name);

    [Fact]
    public async Task Claim_TakesOwnersInTurn()
    {
        string[] owners = ["a", "a", "a", "b", "b", "c"];
        foreach (var owner in owners)
        {
            await _store.SubmitAsync(New(owner), Stop);
        }

        var served = new List<string>();
        while (await _store.Queue.ClaimAsync("w", Stop) is { } claimed)
        {
            served.Add(claimed.Job.Owner);
        }

        Assert.Equal(["a", "b", "c", "a", "b", "a"], served);
    }

    [Fact]
    public async Task Submit_SameKey_IsTheSameJob()
    {
        var first = await _store.SubmitAsync(New("a") with { IdempotencyKey = "k" }, Stop);
        var second = await _store.SubmitAsync(New("a") with { IdempotencyKey = "k" }, Stop);

        Assert.Equal((true, false, first.Job.Id), (first.IsNew, second.IsNew, second.Job.Id));
        await Assert.ThrowsAsync<IdempotencyException>(() =>
            _store.SubmitAsync(New("a") with { IdempotencyKey = "k", Payload = "{}"u8.ToArray() }, Stop)
        );
    }

    [Fact]
    public async Task Submit_AboveTheBound_IsRefused()
    {
        await using var store = await OpenAsync(new JobStoreOptions { QueueBound = 1 }, "other");
        await store.SubmitAsync(New("a"), Stop);

        await Assert.ThrowsAsync<QueueFullException>(() => store.SubmitAsync(New("b"), Stop));
    }

    [Fact]
    public async Task Submit_ForWhatNoWorkerHas_IsRefusedOnceWorkersAreThere()
    {
        var job = New("a") with { Needs = ["model:pocket", "model:dream"] };
        var early = await _store.SubmitAsync(job, Stop);
        await _store.Queue.RegisterAsync("w", ["model:pocket"], Stop);

        var e = await Assert.ThrowsAsync<NoWorkerException>(() => _store.SubmitAsync(job, Stop));

        Assert.Equal(["model:dream"], e.Missing);
        Assert.Null(await _store.Queue.ClaimAsync("w", Stop));
        await _store.Queue.RegisterAsync("w", ["model:pocket", "model:dream"], Stop);
        Assert.Equal(early.Job.Id, (await _store.Queue.ClaimAsync("w", Stop))!.Job.Id);
    }

    [Fact]
    public async Task Lease_ThatRanOut_GivesTheJobToAnotherAndFencesTheFirst()
    {
        await using var store = await OpenAsync(new JobStoreOptions { Lease = TimeSpan.FromMilliseconds(1) }, "short");
        var id = (await store.SubmitAsync(New("a"), Stop)).Job.Id;
        var first = (await store.Queue.ClaimAsync("w1", Stop))!;
        await Task.Delay(20, Stop);

        var second = (await store.Queue.ClaimAsync("w2", Stop))!;

        Assert.Equal((id, 2), (second.Job.Id, second.Job.Attempt));
        Assert.Equal(BeatAnswer.Lost, await store.Queue.BeatAsync(id, first.Job.Attempt, new(0.5), null, Stop));
        Assert.False(await store.Queue.FinishAsync(id, first.Job.Attempt, new([], []), JobState.Done, Stop));
        Assert.True(await store.Queue.FinishAsync(id, second.Job.Attempt, new([], []), JobState.Done, Stop));
    }

    [Fact]
    public async Task Job_WhoseWorkerIsLostThreeTimes_HasFailedWithTheReason()
    {
        await using var store = await OpenAsync(new JobStoreOptions { Lease = TimeSpan.FromMilliseconds(1) }, "lost");
        var id = (await store.SubmitAsync(New("a"), Stop)).Job.Id;
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull(await store.Queue.ClaimAsync("w", Stop));
            await Task.Delay(20, Stop);
        }

        Assert.Null(await store.Queue.ClaimAsync("w", Stop));
        var job = (await store.FindAsync(id, null, Stop))!;
        Assert.Equal((JobState.Failed, "worker_lost"), (job.State, job.Error!.Code));
    }

    [Fact]
    public async Task Cancel_OfAnotherOwnersJob_DoesNothing()
    {
        var id = (await _store.SubmitAsync(New("a"), Stop)).Job.Id;

        Assert.False(await _store.CancelAsync(id, "b", Stop));
        Assert.True(await _store.CancelAsync(id, "a", Stop));
        Assert.Null(await _store.Queue.ClaimAsync("w", Stop));
    }

    [Fact]
    public async Task Group_OfALiveDrawing_KeepsOnlyTheLatest()
    {
        var first = await _store.SubmitAsync(New("a") with { Group = "live" }, Stop);
        var other = await _store.SubmitAsync(New("b") with { Group = "live" }, Stop);
        await _store.SubmitAsync(New("a") with { Group = "live" }, Stop);

        Assert.Equal(JobState.Cancelled, (await _store.FindAsync(first.Job.Id, null, Stop))!.State);
        Assert.Equal(JobState.Queued, (await _store.FindAsync(other.Job.Id, null, Stop))!.State);
    }

    [Fact]
    public async Task Files_OfAJob_AreThereAfterReopening()
    {
        var id = (await _store.SubmitAsync(New("a"), Stop)).Job.Id;
        var claimed = (await _store.Queue.ClaimAsync("w", Stop))!;
        var files = new[] { new NewJobFile("picture-0.png", JobFileRole.Picture, "image/png", [1, 2, 3]) };
        await _store.Queue.FinishAsync(id, claimed.Job.Attempt, new(files, []), JobState.Done, Stop);
        await _store.DisposeAsync();
        _store = await OpenAsync(new());

        var file = Assert.Single(await _store.FilesAsync(id, Stop));

        Assert.Equal([1, 2, 3], (await _store.Blobs.GetAsync(file.Sha256, Stop))!.Value.Bytes);
    }

    [Fact]
    public async Task Ahead_CountsTheTurnsOfOthers()
    {
        var a1 = await _store.SubmitAsync(New("a"), Stop);
        var a2 = await _store.SubmitAsync(New("a"), Stop);
        var b1 = await _store.SubmitAsync(New("b"), Stop);

        var ahead = await _store.AheadAsync(Stop);

        Assert.Equal([0, 2, 1], new[] { a1, a2, b1 }.Select(job => ahead[job.Job.Id]));
    }

    [Fact]
    public async Task Sweep_ByBytes_DeletesTheOldestWithTheirFiles()
    {
        await using var store = await OpenAsync(
            new JobStoreOptions { RetentionBytes = 5, UploadAge = TimeSpan.Zero },
            "swept.db"
        );
        var ids = new List<string>();
        for (byte i = 0; i < 2; i++)
        {
            ids.Add((await store.SubmitAsync(New("a"), Stop)).Job.Id);
            var claimed = (await store.Queue.ClaimAsync("w", Stop))!;
            var files = new[] { new NewJobFile("p.png", JobFileRole.Picture, "image/png", [1, 2, 3, i]) };
            await store.Queue.FinishAsync(ids[i], claimed.Job.Attempt, new(files, []), JobState.Done, Stop);
        }

        await Task.Delay(5, Stop);
        await store.SweepAsync(Stop);

        Assert.Null(await store.FindAsync(ids[0], null, Stop));
        Assert.NotNull(await store.FindAsync(ids[1], null, Stop));
        Assert.NotNull(await store.Blobs.GetAsync((await store.FilesAsync(ids[1], Stop))[0].Sha256, Stop));
    }

    private static NewJob New(string owner) =>
        new()
        {
            Kind = JobKind.Generation,
            Owner = owner,
            Payload = Encoding.UTF8.GetBytes("""{"prompt":"x"}"""),
        };

    private async Task<JobStore> OpenAsync(JobStoreOptions options, string name = "jobs") =>
        await JobStore.OpenAsync(await PlaceAsync(name), options, Stop);
}
