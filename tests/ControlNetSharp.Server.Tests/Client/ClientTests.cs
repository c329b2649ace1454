using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlNetSharp.Client;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Tests.V1;
using ControlNetSharp.Server.V1;
using Xunit;

namespace ControlNetSharp.Server.Tests.Client;

public class ClientTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    private static readonly Generation Small = new()
    {
        Prompt = "a red house",
        Seed = 7,
        Steps = 2,
        Size = new ControlNetSharp.Client.Size(64, 64),
    };

    public static TheoryData<Type, Type> Shapes { get; } =
        new()
        {
            { typeof(Requests.GenerationRequest), typeof(Generation) },
            { typeof(Requests.ControlUnit), typeof(ControlUnit) },
            { typeof(Requests.PromptRegion), typeof(PromptRegion) },
            { typeof(Requests.InitialPicture), typeof(InitialPicture) },
            { typeof(Requests.InpaintMask), typeof(InpaintMask) },
            { typeof(Requests.HiresPass), typeof(HiresPass) },
            { typeof(Requests.UpscalePass), typeof(UpscalePass) },
            { typeof(Requests.OriginalSize), typeof(OriginalSize) },
            { typeof(Requests.StyleAlignment), typeof(StyleAlignment) },
            { typeof(Requests.PictureSize), typeof(ControlNetSharp.Client.Size) },
            { typeof(JobView), typeof(ControlNetSharp.Client.Job) },
            { typeof(ProgressView), typeof(ControlNetSharp.Client.JobProgress) },
            { typeof(FileView), typeof(ControlNetSharp.Client.JobFile) },
            { typeof(ControlView), typeof(Control) },
            { typeof(AnnotatorView), typeof(Annotator) },
            { typeof(AnnotatorOptionView), typeof(AnnotatorOption) },
            { typeof(RangeView), typeof(MemberRange) },
            { typeof(UploadView), typeof(Upload) },
            { typeof(ServerView), typeof(ServerInfo) },
            { typeof(QueueView), typeof(QueueState) },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Record_OfTheClient_HasTheMembersOfTheServers(Type server, Type client) =>
        Assert.Equal(Members(server), Members(client));

    [Fact]
    public async Task Generation_WithPictures_IsFollowedAndFetched()
    {
        await using var server = await RunningServer.StartAsync();
        var client = new ControlNetClient(server.Client);
        var png = PictureInput.FromBytes(V1Calls.Png());
        var seen = new List<ControlNetSharp.Client.JobState>();
        var request = Small with
        {
            Initial = new InitialPicture { Picture = png, Denoise = 0.5 },
            Regions = [new PromptRegion { Prompt = "a boat", Mask = png, Weight = 0.5 }],
            Units =
            [
                new ControlUnit { Kind = "canny", Picture = png, Weight = ControlWeight.Curve((0, 1), (0.5, 0.25)) },
                new ControlUnit { Kind = "canny", Picture = png, Weight = 0.5 },
            ],
        };

        var job = await client.GenerateAsync(request, new Told(job => seen.Add(job.State)), Stop);

        Assert.Equal(ControlNetSharp.Client.JobState.Done, seen[^1]);
        var file = Assert.Single(job.Pictures);
        Assert.Equal(7, file.Seed);
        Assert.Equal(64, PictureReader.Read(await client.FileAsync(file, Stop)).Width);
        Assert.Equal("a red house", (string?)(await client.ManifestAsync(job.Id, 0, Stop))["prompt"]);
        var asked = await client.RequestAsync(job.Id, Stop);
        Assert.Equal(("0:1|0.5:0.25", png.Sha256), (asked.Units![0].Weight.ToString(), asked.Units[0].Picture.Sha256));
        Assert.Equal(0.5, asked.Units[1].Weight);
        Assert.Equal((0.5, png.Sha256), (asked.Regions![0].Weight, asked.Regions[0].Mask.Sha256));
        var read = await client.ReadAsync(await client.FileAsync(file, Stop), Stop);
        Assert.Equal((7, 0), (read.Request.Seed, read.Losses.Count));
    }

    [Fact]
    public async Task Refusal_HasCodeMemberAndStatus()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var client = new ControlNetClient(server.Client);

        var e = await Assert.ThrowsAsync<ControlNetApiException>(() => client.SubmitAsync(Small with { Steps = 0 }, null, Stop));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "wrong_input", "steps"), (e.Status, e.Code, e.Member));
    }

    [Fact]
    public async Task Queue_Full_SaysWhenToComeBack()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd with { Queue = new JobStoreOptions { QueueBound = 1 } });
        var client = new ControlNetClient(server.Client);
        await client.SubmitAsync(Small, null, Stop);

        var e = await Assert.ThrowsAsync<ControlNetApiException>(() => client.SubmitAsync(Small, null, Stop));

        Assert.Equal(("queue_full", true), (e.Code, e.RetryAfter > TimeSpan.Zero));
    }

    [Fact]
    public async Task Waiting_ThatIsCancelled_CancelsTheJob()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var client = new ControlNetClient(server.Client);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.GenerateAsync(Small, new Told(_ => leaving.Cancel()), leaving.Token)
        );

        var job = Assert.Single((await client.JobsAsync(null, Stop)).Jobs);
        Assert.Equal(ControlNetSharp.Client.JobState.Cancelled, job.State);
    }

    [Fact]
    public async Task Watching_GoesOnWhenTheServerIsBack()
    {
        using var folder = new TemporaryFolder();
        var first = await RunningServer.StartAsync(FrontEnd, folder);
        var port = first.Address.Port;
        using var http = Patience.Client(first.Address);
        var client = new ControlNetClient(http);
        var id = (await client.SubmitAsync(Small, null, Stop)).Id;
        await using var jobs = client.WatchAsync(id, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await jobs.MoveNextAsync());
        var next = jobs.MoveNextAsync();

        await first.DisposeAsync();
        await using var second = await RunningServer.StartAsync(FrontEnd with { Port = port }, folder);

        Assert.True(await next);
        await client.CancelAsync(id, Stop);
        Assert.True(await jobs.MoveNextAsync());
        Assert.Equal(ControlNetSharp.Client.JobState.Cancelled, jobs.Current.State);
        Assert.False(await jobs.MoveNextAsync());
    }

    [Fact]
    public async Task Jobs_AreListedReplayedAndDeleted()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var client = new ControlNetClient(server.Client);
        var terms = new JobTerms
        {
            IdempotencyKey = "once",
            Priority = 2,
            Group = "a b",
        };

        var job = await client.SubmitAsync(Small, terms, Stop);
        var again = await client.SubmitAsync(Small, terms, Stop);
        var replay = await client.ReplayAsync(job.Id, Stop);

        Assert.Equal((job.Id, 2, "a b"), (again.Id, job.Priority, job.Group));
        await client.CancelAsync(job.Id, Stop);
        await client.DeleteAsync(job.Id, Stop);
        var query = new ControlNetSharp.Client.JobQuery { States = [ControlNetSharp.Client.JobState.Queued], Limit = 5 };
        Assert.Equal([replay.Id], (await client.JobsAsync(query, Stop)).Jobs.Select(found => found.Id));
        Assert.Null(await client.PreviewAsync(replay.Id, Stop));
    }

    [Fact]
    public async Task Catalogue_IsRead()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var client = new ControlNetClient(server.Client);

        Assert.Equal("pocket", Assert.Single(await client.ModelsAsync(Stop)).Name);
        Assert.Contains(await client.ControlsAsync(Stop), control => control.Kind == "canny" && control.Annotators.Count > 0);
        Assert.Equal(1000, (await client.RangesAsync(Stop))["steps"].Max);
        Assert.NotEmpty(await client.SamplersAsync(Stop));
        Assert.NotEmpty(await client.SchedulersAsync(Stop));
        Assert.NotEmpty(await client.UpscalersAsync(Stop));
        Assert.Empty(await client.WorkersAsync(Stop));
        Assert.Equal(200, (await client.QueueAsync(Stop)).Bound);
        Assert.Equal("local", (await client.ServerAsync(Stop)).Owner);
    }

    [Fact]
    public async Task Upload_IsNamedByLaterRequests()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var client = new ControlNetClient(server.Client);
        var png = V1Calls.Png();

        var upload = await client.UploadAsync(png, Stop);
        var job = await client.SubmitAsync(
            new ControlUnit { Kind = "canny", Picture = PictureInput.FromUpload(upload.Sha256) },
            null,
            Stop
        );

        Assert.Equal(png, await client.UploadedAsync(upload.Sha256, Stop));
        Assert.Equal("annotation", job.Kind);
    }

    private static IEnumerable<string> Members(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetCustomAttribute<JsonIgnoreAttribute>() is null)
            .Select(property =>
                property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
                ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name)
            )
            .Order(StringComparer.Ordinal);

    private sealed class Told(Action<ControlNetSharp.Client.Job> tell) : IProgress<ControlNetSharp.Client.Job>
    {
        public void Report(ControlNetSharp.Client.Job value) => tell(value);
    }
}
