using System.Text.Json;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Engine;
using ControlNetSharp.Networks;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>The reward for pictures that show what their hints say: what is rewarded, and where gradients go.</summary>
public sealed class HintRewardTests : IDisposable
{
    private static readonly DiffusionLoss Loss = new() { Prediction = PredictionType.Velocity };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(200, "canny", "canny", "canny", "canny", 2)]
    [InlineData(201, "canny", "canny", "canny", "canny", 3)]
    [InlineData(999, "canny", "fill", "depth", "pose", 2)]
    [InlineData(999, "segmentation", "hed", "depth", "hed", 4)]
    [InlineData(10, "pose", "canny", "canny", "canny", 0)]
    public void Losses_AreOfSmallTimestepsWithAReader_AndNothingElseIsDecoded(int timestep, string first, string second, string third, string fourth, int rewarded)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        string[] conditions = [first, second, third, fourth];
        var decoded = new List<long>();
        using var reward = new HintReward(
            latents =>
            {
                decoded.Add(latents.shape[0]);
                return latents[.., ..3].repeat_interleave(8, 2).repeat_interleave(8, 3);
            },
            EmbeddedVision.Load(),
            new RewardOptions(1, timestep));
        var (noisy, prediction, hints) = (randn(4, 4, 8, 8), randn(4, 4, 8, 8), rand(4, 3, 64, 64));
        var losses = reward.Losses(Loss, noisy, prediction, tensor(new long[] { 0, 200, 201, 999 }), hints, conditions);
        Assert.Equal(rewarded == 0 ? [] : [rewarded], decoded);
        Assert.Equal(rewarded, losses?.shape[0] ?? 0);
        if (losses is not null)
        {
            // Each as it is alone, in whatever order.
            var alone = Enumerable.Range(0, 4)
                .Select(i => reward.Losses(Loss, noisy[i..(i + 1)], prediction[i..(i + 1)], tensor(new long[] { 0, 200, 201, 999 })[i..(i + 1)], hints[i..(i + 1)], [conditions[i]]))
                .OfType<Tensor>().Select(loss => loss.item<float>());
            Assert.All(alone.Order().Zip(losses.data<float>().Order()), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * Math.Abs(pair.First) + 1e-5));
        }
    }

    [Fact]
    public void Losses_AreOfTheLatentsThatThePredictionMeans()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (latents, noise, timesteps) = (randn(2, 4, 8, 8), randn(2, 4, 8, 8), tensor(new long[] { 0, 150 }));
        foreach (var prediction in Enum.GetValues<PredictionType>())
        {
            var loss = Loss with { Prediction = prediction };
            var decoded = zeros(0);
            using var reward = new HintReward(
                clean =>
                {
                    decoded = clean.clone().MoveToOuterDisposeScope();
                    return zeros(2, 3, 64, 64);
                },
                EmbeddedVision.Load(),
                new RewardOptions(1, 200));
            var predicted = prediction switch
            {
                PredictionType.Epsilon => noise,
                PredictionType.Velocity => loss.Schedule.Velocity(latents, noise, timesteps),
                _ => latents,
            };
            Assert.NotNull(reward.Losses(loss, loss.Schedule.AddNoise(latents, noise, timesteps), predicted, timesteps, rand(2, 3, 64, 64), ["hed", "hed"]));
            Goldens.AssertClose(latents, decoded, 1e-5, $"{prediction}");
        }
    }

    [Fact]
    public void Gradients_ReachTheControlNet_AndNothingThatIsLocked()
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        using var controlNet = TinyModel.ControlNet();
        var network = CheckpointLoader.LoadNetwork(Path.Combine(AppContext.BaseDirectory, "pocket", EmbeddedVision.Weights.FileNames[0]), "the network", (_, placement) => new EmbeddedNetwork(placement));
        using var reward = HintReward.Of(model, new EmbeddedVision(network), new RewardOptions(1, 200));
        var denoiser = new TrainableDenoiser(model.UNet, controlNet, TrainingTarget.ControlNet, ScalarType.Float32);
        using var optimizer = new AdamW(denoiser.Parameters.Select(p => p.Parameter), new AdamWOptions());
        using var generator = new Generator(7, CPU);
        var hints = rand([2, 3, 64, 64], generator: generator);
        var (noisy, timesteps) = (randn([2, 4, 8, 8], generator: generator).Times(0.2), tensor(new long[] { 20, 180 }));
        var prediction = denoiser.Predict(noisy, timesteps, randn([2, 77, TinyModel.Width], generator: generator), hints);
        reward.Losses(Loss, noisy, prediction, timesteps, hints, ["lineart", "segmentation"])!.sum().backward();
        foreach (var (name, parameter) in denoiser.Parameters)
        {
            Assert.True(parameter.grad?.abs().max().item<float>() > 0, name);
        }

        Assert.All(model.Modules.Append(network).SelectMany(module => module.named_parameters()), p => Assert.True(p.parameter.grad is null && !p.parameter.requires_grad, p.name));
    }

    [Theory]
    [InlineData(TrainingTarget.ControlNet)]
    [InlineData(TrainingTarget.ControlLora)]
    public void Training_ResumedWithAReward_IsTheUnbrokenOne_BitForBit_AndRefusedWithAnother(TrainingTarget target)
    {
        TrainingRequest Of(string name, int steps, double? reward = 0.5) => Request(name, steps) with { Target = target, Reward = reward, RewardTimestep = reward is null ? null : 700 };
        var (expected, mean) = Run(Of("whole", 5));
        Run(Of("broken", 2));
        var (file, resumedMean) = Run(Of("broken", 5) with { Resume = true });
        Assert.Equal(expected, file);
        Assert.NotNull(mean);
        Assert.Equal(mean, resumedMean);
        foreach (var (other, key) in new[]
        {
            (Of("broken", 6, 0.25), "reward"), (Of("broken", 6, null), "reward"), (Of("broken", 6) with { RewardTimestep = 600 }, "reward timestep"),
        })
        {
            Assert.Contains($"another {key}:", Assert.Throws<CheckpointException>(() => Run(other with { Resume = true })).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Training_WithAWeightOfNothing_IsTheOneWithout_BitForBit_AndAnyOtherIsNot()
    {
        var (none, without) = Run(Request("none", 4));
        var (zero, alsoWithout) = Run(Request("zero", 4) with { Reward = 0, RewardTimestep = 999 });
        var (some, with) = Run(Request("some", 4) with { Reward = 1, RewardTimestep = 999 });
        Assert.Equal(none, zero);
        Assert.NotEqual(none, some);
        Assert.Equal((null, null), (without, alsoWithout));
        Assert.InRange(with!.Value, 0.01, 20);
    }

    [Fact]
    public void Training_WithAReward_ShowsItAsACurveOfItsOwn()
    {
        var shown = new List<string>();
        var request = Request("curve", 20) with { Reward = 0.5, RewardTimestep = 999, ValidateEvery = 100 };
        new RequestedTraining(request, new EngineOptions { Dtype = "fp32" }).Run(new TrainingEvents(progress => shown.Add(progress.ToString()), _ => { }), TestContext.Current.CancellationToken);
        var lines = File.ReadLines(_folder["curve/metrics.jsonl"]).Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!).Where(line => line.ContainsKey("loss")).ToList();
        Assert.Equal(2, lines.Count);
        Assert.All(lines, line => Assert.InRange(line["reward"], 0.01, 20));
        Assert.All(shown, line => Assert.Contains("  reward ", line, StringComparison.Ordinal));
        Assert.Contains("reward loss", File.ReadAllText(_folder["curve/curves.svg"]), StringComparison.Ordinal);
        Assert.Contains("0.5 up to timestep 999", File.ReadAllText(_folder["curve/report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Training_ThatCannotBeRead_IsRefusedByName_AndExamplesThatCannotAreNamed()
    {
        var request = Request("out", 2) with { Reward = 1 };
        Assert.Equal(["examples of pose are not rewarded: nothing reads them with gradients."], new RequestedTraining(request, new EngineOptions()).Notes.Where(note => note.Contains("rewarded", StringComparison.Ordinal)));
        Make("unread", ["pose", "fill"], scenes: 4);
        var e = Assert.Throws<RequestException>(() => new RequestedTraining(request with { Data = _folder["unread"] }, new EngineOptions()));
        Assert.Equal("reward", e.Member);
        Assert.Contains("nothing reads pose, fill", e.Problem, StringComparison.Ordinal);
        Assert.Contains("segmentation", e.Problem, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public void Plan_CountsWhatDecodingAndReadingKeep()
    {
        var options = new TrainingRunOptions { Folder = "none", BatchSize = 4, LearningRate = new LearningRate { Peak = 1 }, Loss = new DiffusionLoss(), Reward = new RewardOptions(1, 200) };
        TrainingPlan Plan(TrainingRunOptions by) =>
            new TrainingPlanner(TinyModel.UNetParams, 0, TrainingTarget.ControlNet, ScalarType.Float32, autoencoder: TinyModel.AutoencoderParams).Plan(by, 64, 64, checkpointing: false);
        var one = Assert.Single(Plan(options).Memory, part => part.Name == "reward").Bytes;
        var all = Assert.Single(Plan(options with { Reward = new RewardOptions(1, 999) }).Memory, part => part.Name == "reward").Bytes;
        // A 4 x 64 x 64 map of the Autoencoder alone has more.
        Assert.True(one > 1 << 16);
        Assert.InRange((double)all / one, 2.5, 6);
        Assert.DoesNotContain(Plan(options with { Reward = null }).Memory, part => part.Name == "reward");
    }

    private void Make(string name, string[] conditions, int scenes) =>
        DatasetMaker.Make(_folder[name], new DatasetMakeOptions { Conditions = conditions, Scenes = scenes, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);

    private TrainingRequest Request(string name, int steps)
    {
        if (!Directory.Exists(_folder["mixed"]))
        {
            TinyModel.WriteModel(_folder["model.safetensors"]);
            Make("mixed", ["canny", "segmentation", "pose"], scenes: 12);
        }

        return new TrainingRequest
        {
            Data = _folder["mixed"], Conditions = ["mixed"], Out = _folder[name], Model = _folder["model.safetensors"], Steps = steps, Rank = null, BatchSize = 2,
            LearningRate = 1e-3, ValidateEvery = 3, Samples = 1, AverageDecay = 0.9, Cache = _folder["cache"],
        };
    }

    private static (byte[] File, double? Reward) Run(TrainingRequest request)
    {
        var summary = new RequestedTraining(request, new EngineOptions { Dtype = "fp32" }).Run(new TrainingEvents(_ => { }, _ => { }), TestContext.Current.CancellationToken);
        return (File.ReadAllBytes(Assert.Single(summary.Files)), summary.Reward);
    }
}
