using System.Text;
using System.Text.Json;
using ControlNetSharp.Checkpoints.Hub;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Cli;
using Xunit;

namespace ControlNetSharp.Tests.Checkpoints.Hub;

/// <summary>The client against a hub on this machine that cuts, redirects, refuses, lies and falls silent.</summary>
public sealed class HubClientTests : IDisposable
{
    private const string File1 = "model.safetensors";
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7 + i / 255))];
    private readonly List<TimeSpan> _waits = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pull_LaysTheCacheOutAsTheHubsToolsDo_AndFetchesNothingTwice()
    {
        using var hub = NewHub();
        hub.Files["sub/config.json"] = "{}"u8.ToArray();
        var pull = await PullAsync(hub, [File1, "sub/config.json"]);
        Assert.Equal((LoopbackHub.Repository, "main", LoopbackHub.Commit), (pull.Repository, pull.Revision, pull.Commit));
        Assert.Equal([(File1, _bytes.Length, true), ("sub/config.json", 2, true)], pull.Files.Select(file => (file.Name, (int)file.Bytes, file.Downloaded)));
        var repository = _folder["cache/models--some--model"];
        Assert.Equal(_bytes, File.ReadAllBytes(Path.Combine(repository, "snapshots", LoopbackHub.Commit, File1)));
        Assert.Equal(_bytes, File.ReadAllBytes(Path.Combine(repository, "blobs", LoopbackHub.Sha256(_bytes))));
        Assert.Equal($"../../blobs/{LoopbackHub.Sha256(_bytes)}", new FileInfo(Path.Combine(repository, "snapshots", LoopbackHub.Commit, File1)).LinkTarget);
        Assert.StartsWith("../../../blobs/", new FileInfo(Path.Combine(repository, "snapshots", LoopbackHub.Commit, "sub", "config.json")).LinkTarget, StringComparison.Ordinal);
        Assert.Equal(LoopbackHub.Commit, File.ReadAllText(Path.Combine(repository, "refs", "main")));
        var before = hub.Requests.Count;
        Assert.All((await PullAsync(hub, [File1, "sub/config.json"])).Files, file => Assert.False(file.Downloaded));
        Assert.Equal(before + 1, hub.Requests.Count);
        // Another branch at another commit with the same contents: a link is all that is new.
        hub.Before = request => request.Path.Contains("/revision/refs%2Fpr%2F1", StringComparison.Ordinal)
            ? new(200, JsonSerializer.SerializeToUtf8Bytes(new { sha = new string('a', 40), siblings = new[] { new { rfilename = File1 } } }))
            : request.Path.Contains(new string('a', 40), StringComparison.Ordinal) ? new(200, [], ("ETag", LoopbackHub.Sha256(_bytes)), ("Content-Length", $"{_bytes.Length}")) : null;
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1], "refs/pr/1")).Files[0].Path));
        Assert.Single(hub.Gets(File1));
        Assert.Equal(new string('a', 40), File.ReadAllText(Path.Combine(repository, "refs", "refs", "pr", "1")));
    }

    [Fact]
    public async Task Pull_ThatIsSentOnToAnotherHost_DoesNotShowItTheToken()
    {
        using var store = LoopbackHub.NewStore();
        using var hub = NewHub(store);
        var moved = false;
        hub.Before = request => !moved && (moved = request.Path.Contains("/resolve/", StringComparison.Ordinal)) ? new(307, [], ("Location", request.Path)) : null;
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1], token: "hf_secret")).Files[0].Path));
        Assert.All(hub.Requests, request => Assert.Equal("Bearer hf_secret", request["authorization"]));
        Assert.Null(Assert.Single(store.Requests)["authorization"]);
        Assert.Equal(2, hub.Requests.Count(request => request.Method == "HEAD"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pull_WhoseConnectionBreaks_GoesOnWhereItBroke_HoweverOften(bool saysLength)
    {
        using var hub = NewHub();
        hub.Before = request => request.Method == "GET" && request.Path.EndsWith(File1, StringComparison.Ordinal) && request.From < 90_000
            ? LoopbackHub.Content(request, _bytes) with { CutAfter = 9_000, SaysLength = saysLength } : null;
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1])).Files[0].Path));
        Assert.Equal(Enumerable.Range(0, 11).Select(i => i * 9_000), hub.Gets(File1).Select(request => request.From));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.incomplete", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Pull_WhoseConnectionIsReset_GoesOn()
    {
        using var hub = NewHub();
        var resets = 3;
        hub.Before = request => request.Method == "GET" && request.Path.EndsWith(File1, StringComparison.Ordinal) && resets-- > 0 ? LoopbackHub.Content(request, _bytes) with { CutAfter = 9_000, Resets = true } : null;
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1])).Files[0].Path));
        Assert.Equal(4, hub.Gets(File1).Count());
    }

    [Fact]
    public async Task Pull_ThatCannotGoOn_EndsAndKeepsWhatHasCome()
    {
        using var hub = NewHub();
        hub.Before = request => request.Method == "GET" && request.Path.EndsWith(File1, StringComparison.Ordinal) ? LoopbackHub.Content(request, _bytes) with { CutAfter = request.From == 0 ? 1_000 : 0 } : null;
        var e = await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]));
        Assert.Equal(HubFailure.Unreachable, e.Failure);
        Assert.Contains(hub.Address.Authority, e.Message, StringComparison.Ordinal);
        Assert.Equal(6, hub.Gets(File1).Count());
        Assert.Equal(1_000, new FileInfo(Assert.Single(Directory.GetFiles(_folder["cache"], "*.incomplete", SearchOption.AllDirectories))).Length);
        hub.Before = _ => null;
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1])).Files[0].Path));
        Assert.Equal(1_000, hub.Gets(File1).Last().From);
    }

    [Theory]
    [InlineData("too long")]
    [InlineData("whole")]
    [InlineData("wrong")]
    [InlineData("refused")]
    [InlineData("no ranges")]
    [InlineData("other range")]
    public async Task Pull_WithALeftover_UsesIt_OrBeginsAgain(string leftover)
    {
        using var hub = NewHub();
        var part = _folder[$"cache/models--some--model/blobs/{LoopbackHub.Sha256(_bytes)}.incomplete"];
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        File.WriteAllBytes(part, leftover switch { "too long" => [.. _bytes, 1], "whole" => _bytes, "wrong" => new byte[500], _ => _bytes[..500] });
        hub.Before = request => request.Method != "GET" || request.From == 0 ? null : leftover switch
        {
            "refused" => new(416, [], ("Content-Range", "bytes */3")),
            "no ranges" => new(200, _bytes),
            "other range" => new(206, _bytes[3..], ("Content-Range", $"bytes 3-{_bytes.Length - 1}/{_bytes.Length}")),
            _ => null,
        };
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1])).Files[0].Path));
        Assert.Equal(leftover switch { "too long" => [0], "whole" => [], "no ranges" => [500], _ => [500, 0] }, hub.Gets(File1).Select(request => request.From));
    }

    [Theory]
    [InlineData("sha256")]
    [InlineData("git")]
    [InlineData("short")]
    [InlineData("long")]
    public async Task Pull_OfContentsThatAreNotWhatTheHubSays_LeavesNoFile(string lie)
    {
        using var hub = NewHub();
        var other = _bytes.ToArray();
        other[^1]++;
        hub.Before = request => !request.Path.EndsWith(File1, StringComparison.Ordinal) ? null
            : request.Method == "HEAD" ? new(200, [], ("ETag", lie == "git" ? "\"0123456789012345678901234567890123456789\"" : $"W/\"{LoopbackHub.Sha256(_bytes)}\""), ("Content-Length", $"{_bytes.Length}"))
            : lie switch { "short" => new(200, _bytes[..^1]), "long" => new(200, [.. _bytes, 1, 2]), _ => new(200, other) };
        var e = await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]));
        Assert.Equal(lie == "short" ? HubFailure.Unreachable : HubFailure.Damaged, e.Failure);
        Assert.Contains(lie is "long" or "short" ? "127.0.0.1" : "has not the hash", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["cache"], File1, SearchOption.AllDirectories));
        Assert.All(Directory.GetFiles(_folder["cache/models--some--model/blobs"]), blob => Assert.EndsWith(".incomplete", blob, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_OfASmallFile_IsCheckedByGitsHash()
    {
        using var hub = NewHub();
        // echo hello | git hash-object --stdin
        hub.Before = request => !request.Path.EndsWith(File1, StringComparison.Ordinal) ? null : new(200, "hello\n"u8.ToArray(), ("ETag", "\"ce013625030ba8dba906f756967f9e9ca394464a\""));
        Assert.Equal("hello\n", File.ReadAllText((await PullAsync(hub, [File1])).Files[0].Path));
    }

    [Fact]
    public async Task Pull_WhenToldToWait_WaitsAsLongAsItIsTold()
    {
        using var hub = NewHub();
        var answers = new Queue<HubAnswer>([new(429, [], ("Retry-After", "7")), new(503, [], ("Retry-After", DateTimeOffset.UtcNow.AddSeconds(60).ToString("R"))), new(500, []), new(429, [], ("Retry-After", "0"))]);
        hub.Before = _ => answers.TryDequeue(out var answer) ? answer : null;
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1])).Files[0].Path));
        Assert.Equal((7, 8, 0), (_waits[0].TotalSeconds, _waits[2].TotalSeconds, _waits[3].TotalSeconds));
        Assert.InRange(_waits[1].TotalSeconds, 40, 60);
        hub.Before = _ => new(429, [], ("Retry-After", "3600"));
        Assert.Contains("wait 3600 seconds", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]))).Message, StringComparison.Ordinal);
        hub.Before = _ => new(502, []);
        Assert.Contains("502", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_WhenTheHubFallsSilent_AsksAgain()
    {
        using var hub = NewHub();
        var silent = true;
        hub.Before = request =>
        {
            if (silent && request.Path.EndsWith(File1, StringComparison.Ordinal))
            {
                silent = false;
                Thread.Sleep(3000);
            }

            return null;
        };
        Assert.Equal(_bytes, File.ReadAllBytes((await PullAsync(hub, [File1], silence: 2)).Files[0].Path));
        Assert.Equal(2, hub.Requests.Count(request => request.Method == "HEAD"));
    }

    [Theory]
    [InlineData(401, nameof(HubFailure.Forbidden), "not public|HF_TOKEN")]
    [InlineData(403, nameof(HubFailure.Forbidden), "conditions")]
    [InlineData(404, nameof(HubFailure.NotFound), "some/model at main|the hub has none|gone")]
    [InlineData(418, nameof(HubFailure.Unreachable), "answers 418")]
    [InlineData(200, nameof(HubFailure.Damaged), "not the JSON")]
    public async Task Pull_OfWhatTheHubRefuses_SaysWhatItSays(int status, string failure, string expected)
    {
        using var hub = NewHub();
        hub.Before = _ => new(status, "<html>"u8.ToArray(), ("X-Error-Message", "gone"));
        var e = await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]));
        Assert.Equal(failure, e.Failure.ToString());
        Assert.All(expected.Split('|'), part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_OfNamesThatLeadElsewhere_IsRefused()
    {
        using var hub = NewHub();
        hub.Files["../../../../escaped.json"] = hub.Files["a\\b.json"] = [1];
        Assert.Contains("not allowed", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, ["../../../../escaped.json"]))).Message, StringComparison.Ordinal);
        Assert.Contains("not allowed", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, ["a\\b.json"]))).Message, StringComparison.Ordinal);
        Assert.Contains("has no file \"other.bin\"", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, ["other.bin"]))).Message, StringComparison.Ordinal);
        hub.Before = request => request.Method == "HEAD" ? new(200, [], ("ETag", "\"../../../../escaped\"")) : null;
        Assert.Contains("which is none", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]))).Message, StringComparison.Ordinal);
        foreach (var (repository, revision) in new[] { ("../x", "main"), ("a/b/c", "main"), ("a--b", "main"), (LoopbackHub.Repository, "../x"), (LoopbackHub.Repository, "") })
        {
            await Assert.ThrowsAsync<UnknownNameException>(() => PullAsync(hub, [File1], revision, repository: repository));
        }

        Assert.Empty(Directory.GetFiles(_folder.Path, "*escaped*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Pull_ThroughTooManyRedirects_Ends()
    {
        using var hub = NewHub();
        hub.Before = request => new(302, [], ("Location", request.Path + "x"));
        Assert.Contains("redirects", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_Offline_TakesTheCache_AndSaysWhatIsMissing()
    {
        using var hub = NewHub();
        Assert.Contains("HF_HUB_OFFLINE", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1], offline: true))).Message, StringComparison.Ordinal);
        await PullAsync(hub, [File1]);
        var before = hub.Requests.Count;
        foreach (var revision in new[] { null, "main", LoopbackHub.Commit })
        {
            Assert.Equal((File1, false), (await PullAsync(hub, [], revision, offline: true)).Files.Select(file => (file.Name, file.Downloaded)).Single());
        }

        Assert.Contains("\"b.bin\"", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, ["b.bin"], offline: true))).Message, StringComparison.Ordinal);
        Assert.Equal(before, hub.Requests.Count);
        hub.Dispose();
        Assert.Equal(HubFailure.Unreachable, (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, [File1]))).Failure);
    }

    [Theory]
    [InlineData("README.md model_index.json unet/config.json unet/diffusion_pytorch_model.bin unet/diffusion_pytorch_model.safetensors unet/diffusion_pytorch_model.fp16.safetensors unet/diffusion_pytorch_model.non_ema.safetensors vae/config.json vae/diffusion_pytorch_model.fp16.safetensors text_encoder/pytorch_model.bin tokenizer/vocab.json tokenizer/merges.txt scheduler/scheduler_config.json safety_checker/model.safetensors v1-5.ckpt",
        "model_index.json unet/config.json unet/diffusion_pytorch_model.safetensors vae/config.json vae/diffusion_pytorch_model.fp16.safetensors text_encoder/pytorch_model.bin tokenizer/vocab.json tokenizer/merges.txt scheduler/scheduler_config.json")]
    [InlineData("model_index.json unet/a.safetensors.index.json unet/a-00001-of-00002.safetensors unet/a-00002-of-00002.safetensors", "model_index.json unet/a-00001-of-00002.safetensors unet/a-00002-of-00002.safetensors unet/a.safetensors.index.json")]
    [InlineData("README.md config.json diffusion_pytorch_model.safetensors diffusion_pytorch_model.bin other.safetensors", "config.json diffusion_pytorch_model.safetensors")]
    [InlineData("README.md a.safetensors", "a.safetensors")]
    public async Task Pull_WithoutNames_TakesWhatMakesAModel(string files, string expected)
    {
        using var hub = new LoopbackHub();
        foreach (var (index, file) in files.Split(' ').Index())
        {
            hub.Files[file] = Encoding.UTF8.GetBytes($"contents of {index}, which are long enough");
        }

        Assert.Equal(expected.Split(' '), (await PullAsync(hub, [])).Files.Select(file => file.Name));
    }

    [Fact]
    public async Task Pull_WithoutNames_OfSeveralWeights_ListsThem()
    {
        using var hub = NewHub();
        hub.Files["b.ckpt"] = [1];
        Assert.Contains("model.safetensors, b.ckpt", (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, []))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsPull_ObeysTheEnvironment_AndTheListShowsWhatCame()
    {
        using var hub = NewHub();
        Directory.CreateDirectory(_folder["home"]);
        File.WriteAllText(_folder["home/token"], "hf_from_file\n");
        var variables = new Dictionary<string, string?> { ["HF_ENDPOINT"] = hub.Address.AbsoluteUri, ["HF_HOME"] = _folder["home"], ["HF_HUB_CACHE"] = null, ["HF_TOKEN"] = null, ["HF_TOKEN_PATH"] = null, ["HUGGING_FACE_HUB_TOKEN"] = null, ["HF_HUB_OFFLINE"] = null };
        var before = variables.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        try
        {
            Set(variables);
            var json = await CommandRun.JsonOf("models", "pull", $"{LoopbackHub.Repository}@main", File1);
            Assert.Equal((LoopbackHub.Commit, true), (json.GetProperty("commit").GetString(), json.GetProperty("files")[0].GetProperty("downloaded").GetBoolean()));
            Assert.All(hub.Requests, request => Assert.Equal("Bearer hf_from_file", request["authorization"]));
            var run = await CommandRun.Of(["models", "pull", LoopbackHub.Repository]);
            Assert.Equal((0, Path.Combine(_folder["home"], "hub", "models--some--model", "snapshots", LoopbackHub.Commit, File1)), (run.ExitCode, run.Result.Trim()));
            Assert.Equal("some/model/" + File1, (await CommandRun.JsonOf("models", "list", "--models", _folder["home/hub"])).EnumerateArray().Single().GetProperty("name").GetString());
            Set(new() { ["HF_HUB_OFFLINE"] = "1" });
            Assert.Equal(2, (await CommandRun.Of(["models", "pull", LoopbackHub.Repository, "none.bin"])).ExitCode);
            Set(new() { ["HF_HUB_OFFLINE"] = null, ["HF_ENDPOINT"] = "nowhere" });
            Assert.Contains("HF_ENDPOINT", (await CommandRun.Of(["models", "pull", LoopbackHub.Repository])).Message, StringComparison.Ordinal);
            Assert.Equal(2, (await CommandRun.Of(["models", "pull", "../x"])).ExitCode);
        }
        finally
        {
            Set(before);
        }
    }

    private static void Set(Dictionary<string, string?> variables)
    {
        foreach (var (name, value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    private LoopbackHub NewHub(LoopbackHub? store = null)
    {
        var hub = new LoopbackHub { Store = store };
        hub.Files[File1] = _bytes;
        return hub;
    }

    private async Task<HubPull> PullAsync(
        LoopbackHub hub, IReadOnlyList<string> files, string? revision = null, string? token = null, bool offline = false, double silence = 60, string repository = LoopbackHub.Repository)
    {
        using var client = new HubClient(new HubOptions
        {
            Endpoint = hub.Address,
            Cache = _folder["cache"],
            Token = token,
            IsOffline = offline,
            Silence = TimeSpan.FromSeconds(silence),
            Wait = (time, _) =>
            {
                _waits.Add(time);
                return Task.CompletedTask;
            },
        });
        return await client.PullAsync(repository, revision, files, cancellationToken: TestContext.Current.CancellationToken);
    }
}
