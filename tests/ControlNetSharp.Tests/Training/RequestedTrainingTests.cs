using System.Text;
using System.Text.Json;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public sealed class RequestedTrainingTests : IDisposable
{
    private static readonly EngineOptions Options = new() { Dtype = "fp32" };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Request_WrittenAndRead_IsTheSame_WithWordsForChoices()
    {
        var request = new TrainingRequest
        {
            Data = "/data",
            Conditions = ["canny", "depth"],
            Out = "/out",
            Target = TrainingTarget.ControlNetAndDecoder,
            Steps = 10,
            LearningRate = 1e-4,
            LearningRateShape = LearningRateShape.Cosine,
            Optimizer = TrainingOptimizer.Muon,
            SaveDtype = SavedDtype.Bf16,
            AverageDecay = 0.99,
        };
        var json = request.ToJson();
        Assert.Contains("\"target\": \"controlNetAndDecoder\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("snrGamma", json, StringComparison.Ordinal);
        var read = TrainingRequest.Read(Encoding.UTF8.GetBytes(json));
        Assert.Equal(request with { Conditions = [] }, read with { Conditions = [] }, EqualJson);
        Assert.Equal(request.Conditions, read.Conditions);
        Assert.Equal(TrainingOptimizer.AdamW, Read("\"optimizer\": \"adamw\"").Optimizer);
    }

    [Fact]
    public void Request_WithTheLeast_HasTheOriginalsDefaults()
    {
        var request = Read("\"seed\": 1");
        Assert.Equal(
            (4, 1, null, 0.9, 0.999, 0.01, 1.0, null, 500, 8, SavedDtype.Fp16),
            (request.BatchSize, request.Accumulation, request.Steps, request.Beta1, request.Beta2, request.WeightDecay, request.LargestGradientNorm, request.EmptyPrompts, request.ValidateEvery, request.Samples, request.SaveDtype));
    }

    [Theory]
    [InlineData("\"batchsize\": 2", "batchsize", "no such member")]
    [InlineData("\"batchSize\": 0", "batchSize", "from 1 to 1024")]
    [InlineData("\"learningRate\": 2", "learningRate", "from 0 to 1")]
    [InlineData("\"learningRateShape\": \"cosine\"", "learningRateShape", "`steps`")]
    [InlineData("\"learningRateShape\": \"square\"", "learningRateShape", "allowed words")]
    [InlineData("\"resolution\": 100", "resolution", "multiple of 64")]
    [InlineData("\"conditions\": [\"canny\", \"Canny\"]", "conditions", "twice")]
    [InlineData("\"conditions\": []", "conditions", "at least one")]
    [InlineData("\"conditions\": [\"../x\"]", "conditions", "letters")]
    [InlineData("\"rank\": 0, \"target\": \"controlLora\"", "rank", "from 1 to 4096")]
    [InlineData("\"rank\": 8", "rank", "leave it out with another `target`")]
    [InlineData("\"rank\": 8, \"target\": \"uNet\"", "rank", "is that of a Control-LoRA")]
    [InlineData("\"start\": \"a\", \"target\": \"controlLora\"", "start", "leave it out with this `target`")]
    [InlineData("\"start\": \"a\", \"target\": \"uNet\"", "start", "leave it out with this `target`")]
    [InlineData("\"guidanceScale\": 5", "guidanceScale", "another `target`")]
    [InlineData("\"guidanceScale\": 0.5, \"target\": \"lcm\"", "guidanceScale", "from 1 to 30")]
    [InlineData("\"teacherSteps\": 20", "teacherSteps", "another `target`")]
    [InlineData("\"controlledShare\": 0.5", "controlledShare", "another `target`")]
    [InlineData("\"controlledShare\": 1.5, \"target\": \"lcm\"", "controlledShare", "from 0 to 1")]
    [InlineData("\"start\": \"a\", \"target\": \"lcm\"", "start", "`controlledShare`")]
    [InlineData("\"reward\": 1, \"target\": \"uNet\"", "reward", "leave it out with this `target`")]
    [InlineData("\"reward\": -1", "reward", "from 0 to 1000")]
    [InlineData("\"rewardTimestep\": 100", "rewardTimestep", "give a `reward`")]
    [InlineData("\"reward\": 1, \"rewardTimestep\": 1000", "rewardTimestep", "from 0 to 999")]
    [InlineData("\"snrGamma\": 5, \"target\": \"lcm\"", "snrGamma", "leave it out")]
    [InlineData("\"studentSteps\": 4, \"target\": \"lcm\"", "studentSteps", "progressive")]
    [InlineData("\"teacherSteps\": 10, \"target\": \"progressive\"", "teacherSteps", "multiple of the 4 steps")]
    [InlineData("\"version\": 2", "version", "from 1 to 1")]
    public void Request_WithAWrongMember_IsRefusedByItsName(string member, string path, string problem)
    {
        var e = Assert.Throws<RequestException>(() => Read(member));
        Assert.Equal(path, e.Member);
        Assert.Contains(problem, e.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_WithRelativePaths_CountsThemFromTheFolder()
    {
        var request = TrainingRequest.Read("{\"data\":\"d\",\"conditions\":[\"x\"],\"out\":\"o\"}"u8, _folder.Path);
        Assert.Equal((_folder["d"], _folder["o"], "pocket"), (request.Data, request.Out, request.Model));
    }

    [Fact]
    public void Training_FromJson_TellsHowItGoes_AndLeavesANetworkAndThreadsAsTheyWere()
    {
        var request = Prepared();
        var threads = get_num_threads();
        var (examples, steps, messages) = (new List<(int, int)>(), new List<long>(), new List<string>());
        var training = new RequestedTraining(request, Options);
        Assert.False(Directory.Exists(request.Out));
        var summary = training.Run(
            new TrainingEvents(progress => steps.Add(progress.Step), messages.Add, null, (done, total) => examples.Add((done, total))),
            TestContext.Current.CancellationToken);
        Assert.Equal((10L, false), (summary.Step, summary.WasCancelled));
        Assert.Equal([_folder["out/controlnet_fill.safetensors"]], summary.Files);
        Assert.All(summary.Files, file => Assert.True(File.Exists(file)));
        Assert.Equal(Enumerable.Range(1, 6).Select(i => (i, 6)), examples);
        Assert.Equal([10L], steps);
        Assert.Contains(messages, message => message.Contains("6 examples", StringComparison.Ordinal) || message.Contains("5 examples, 1 for validation", StringComparison.Ordinal));
        Assert.Equal(threads, get_num_threads());
        Assert.Contains("`resume`", Assert.Throws<RequestException>(() => new RequestedTraining(request, Options)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_CancelledInAStep_SaysSo_AndCanGoOn()
    {
        var request = Prepared() with { Steps = 50, ValidateEvery = 100 };
        using var cancellation = new CancellationTokenSource();
        var events = new TrainingEvents(_ => cancellation.Cancel(), _ => { });
        var summary = new RequestedTraining(request, Options).Run(events, cancellation.Token);
        Assert.True(summary.WasCancelled);
        Assert.InRange(summary.Step, 1, 49);
        var rest = new RequestedTraining(request with { Resume = true, Steps = (int)summary.Step + 1 }, Options);
        Assert.Equal(summary.Step + 1, rest.Run(new TrainingEvents(_ => { }, _ => { }), TestContext.Current.CancellationToken).Step);
    }

    [Theory]
    [InlineData("cuda:0", "auto", "device")]
    [InlineData("cpu", "fp16", "dtype")]
    public void Plan_WhereItCannotBeTold_NamesTheOptionOfTheEngine(string device, string dtype, string member)
    {
        var request = Prepared();
        var e = Assert.Throws<RequestException>(() => RequestedTraining.Plan(request, new EngineOptions { Device = device, Dtype = dtype }));
        Assert.Equal(member, e.Member);
    }

    private static bool EqualJson(TrainingRequest a, TrainingRequest b) =>
        JsonSerializer.Serialize(a) == JsonSerializer.Serialize(b);

    private static TrainingRequest Read(string member)
    {
        var conditions = member.Contains("conditions", StringComparison.Ordinal) ? "" : "\"conditions\":[\"x\"],";
        return TrainingRequest.Read(Encoding.UTF8.GetBytes($"{{\"data\":\"d\",{conditions}\"out\":\"o\",{member}}}"));
    }

    private TrainingRequest Prepared()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        DatasetMaker.Make(_folder["fill"], new DatasetMakeOptions { Conditions = ["fill"], Scenes = 6, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);
        var json = $$"""
            { "data": "fill", "conditions": ["fill"], "out": "out", "model": "model.safetensors", "steps": 10, "samples": 1, "validateEvery": 10 }
            """;
        return TrainingRequest.Read(Encoding.UTF8.GetBytes(json), _folder.Path);
    }
}
