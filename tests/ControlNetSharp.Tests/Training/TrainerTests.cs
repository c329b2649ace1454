using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trainer").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 1, false, false)]
    [InlineData(1, 3, true, false)]
    [InlineData(2, 1, false, true)]
    [InlineData(1, 2, true, true)]
    public void Run_InterruptedAndResumed_EqualsAnUnbrokenRunInEveryBit(int workers, int accumulation, bool muon, bool eightBit)
    {
        TrainerOptions Options(string name) => this.Options(name) with
        {
            Workers = workers,
            Accumulation = accumulation,
            Muon = muon ? new MuonOptions { Moves = (_, weight) => weight.dim() == 2 } : null,
            Optimizer = new AdamWOptions { EightBitState = eightBit },
        };
        var whole = Train(Options("whole"), stopAfter: null);
        var start = Train(Options("parts"), stopAfter: 7);
        var parts = Train(Options("parts"), stopAfter: null);
        Assert.Equal(whole, parts);
        Assert.NotEqual(start, parts);
    }

    [Fact]
    public void Run_WithALossThatIsNotANumber_NamesTheStepAndKeepsTheLastCheckpoint()
    {
        Train(Options("nan"), stopAfter: 5);
        var checkpoint = Assert.Single(Directory.GetFiles(Path.Combine(_folder, "nan"), "checkpoint-*.safetensors"));
        var before = File.ReadAllBytes(checkpoint);
        using var layer = Layer();
        using var trainer = new Trainer(layer.named_parameters().Select(p => (p.name, p.parameter)), Options("nan"));
        var e = Assert.Throws<TrainingException>(() => trainer.Run(_ => layer.call(ones(1, 8)).sum() * double.NaN, _ => { }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(6, e.Step);
        Assert.Equal(before, File.ReadAllBytes(checkpoint));
    }

    [Fact]
    public void Constructor_WithTheCheckpointOfOtherParameters_NamesTheKeys()
    {
        Train(Options("other"), stopAfter: 2);
        using var layer = Layer();
        var e = Assert.Throws<ControlNetSharp.Checkpoints.CheckpointException>(() => new Trainer(layer.named_parameters().Select(p => ("x." + p.name, p.parameter)), Options("other")).Dispose());
        Assert.Contains("x.weight", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_WithTheCheckpointOfARunOnOtherData_NamesWhatDiffers()
    {
        Train(Options("data") with { Identity = new Dictionary<string, string> { ["data"] = "abc" } }, stopAfter: 2);
        using var layer = Layer();
        var options = Options("data") with { Identity = new Dictionary<string, string> { ["data"] = "xyz" } };
        var e = Assert.Throws<ControlNetSharp.Checkpoints.CheckpointException>(() => new Trainer(layer.named_parameters().Select(p => (p.name, p.parameter)), options).Dispose());
        Assert.Contains("another data: abc then, xyz now", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_WithACheckpointThatWasCut_SaysFromWhichOneItCanGoOn()
    {
        Train(Options("cut") with { SaveEverySteps = 4, KeepCheckpoints = 2 }, stopAfter: null);
        var (older, newest) = (Path.Combine(_folder, "cut", "checkpoint-00000016.safetensors"), Path.Combine(_folder, "cut", "checkpoint-00000020.safetensors"));
        File.WriteAllBytes(newest, File.ReadAllBytes(newest)[..100]);
        using var layer = Layer();
        var e = Assert.Throws<ControlNetSharp.Checkpoints.CheckpointException>(() => new Trainer(layer.named_parameters().Select(p => (p.name, p.parameter)), Options("cut")).Dispose());
        Assert.Equal(newest, e.File);
        Assert.Contains($"Delete it to go on from {older}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_SavingOften_KeepsTheNewestCheckpoints()
    {
        Train(Options("kept") with { SaveEverySteps = 4, KeepCheckpoints = 3 }, stopAfter: null);
        Assert.Equal(
            ["checkpoint-00000012.safetensors", "checkpoint-00000016.safetensors", "checkpoint-00000020.safetensors"],
            Directory.GetFiles(Path.Combine(_folder, "kept"), "*.safetensors").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_WhereTheCheckpointCannotBeWritten_SaysSoAndKeepsTheLastOne()
    {
        Train(Options("full"), stopAfter: 5);
        var checkpoint = Assert.Single(Directory.GetFiles(Path.Combine(_folder, "full"), "checkpoint-*.safetensors"));
        var before = File.ReadAllBytes(checkpoint);
        // A folder in the place of the next checkpoint: the move to its name fails, as a write does on a full disk.
        Directory.CreateDirectory(Path.Combine(_folder, "full", "checkpoint-00000020.safetensors", "in the way"));
        var e = Assert.Throws<IOException>(() => Train(Options("full"), stopAfter: null));
        Assert.Contains("step 20 cannot be written", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(checkpoint));
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "full"), "*.tmp"));
    }

    [Fact]
    public void Step_WithEightBitState_StaysCloseToFloat32()
    {
        using var scope = NewDisposeScope();
        var (wide, narrow) = (new TorchSharp.Modules.Parameter(randn(16, 256)), new TorchSharp.Modules.Parameter(zeros(16, 256)));
        using (no_grad())
        {
            narrow.copy_(wide);
        }

        var start = wide.clone();
        using var first = new AdamW([wide], new AdamWOptions());
        using var second = new AdamW([narrow], new AdamWOptions { EightBitState = true });
        // Gradients differ by eight orders of magnitude from row to row and by two within one.
        var size = pow(10, rand(16, 1) * 8 - 8) * pow(10, rand(16, 256) * 2 - 2);
        for (var step = 0; step < 100; step++)
        {
            var gradient = (randn(16, 256) + 0.5) * size;
            using var _ = no_grad();
            wide.grad!.copy_(gradient);
            narrow.grad!.copy_(gradient);
            first.Step(1e-2);
            second.Step(1e-2);
        }

        var (way, error) = ((wide - start).norm().item<float>(), (wide - narrow).norm().item<float>());
        Assert.InRange(error / way, 0, 0.1);
        Assert.Equal(16 * 256, second.StateOf(0).Single(part => part.Name == "first_moment.codes").Values.numel());
    }

    [Fact]
    public void Apply_OfADevice_ChangesWeightsAsTheHostDoes()
    {
        using var scope = NewDisposeScope();
        var options = new AdamWOptions { WeightDecay = 0.1 };
        TorchSharp.Modules.Parameter[] Made() => [new(randn([5, 7], generator: new Generator(1, CPU))), new(randn([3], generator: new Generator(2, CPU)))];
        var (onHost, onDevice) = (Made(), Made());
        var start = onHost[0].detach().clone();
        using var host = new HostAdamUpdate(onHost, options);
        using var device = new DeviceAdamUpdate(onDevice, options);
        for (var step = 1; step <= 20; step++)
        {
            using var _ = no_grad();
            foreach (var (i, j) in onHost.Zip(onDevice))
            {
                i.grad!.copy_(randn(i.shape));
                j.grad!.copy_(i.grad!);
            }

            Assert.Equal(host.GradientNorm(), device.GradientNorm(), 1e-5);
            var rates = new AdamRates(GradientScale: 0.5f, StepSize: 0.01f * step, RootScale: 1.5f, Keep: 0.99f);
            host.Apply(step, rates);
            device.Apply(step, rates);
            Assert.Equal(0, device.GradientNorm());
        }

        foreach (var (index, (i, j)) in onHost.Zip(onDevice).Index())
        {
            // The host's 1 − β is a difference of float32 numbers, right to 5e-5.
            Assert.True(Error(i, j) < 1e-4);
            Assert.Equal(host.StateOf(index).Select(part => part.Name), device.StateOf(index).Select(part => part.Name));
            Assert.All(host.StateOf(index).Zip(device.StateOf(index)), pair => Assert.True(Error(pair.First.Values, pair.Second.Values) < 1e-4));
        }

        Assert.True((onHost[0] - start).norm().item<float>() > 0.1);

        static float Error(Tensor expected, Tensor found) => ((expected - found).norm() / expected.norm()).item<float>();
    }

    [Fact]
    public void Apply_OfADevice_WithBackwardPasses_SeesTheirSum()
    {
        using var scope = NewDisposeScope();
        TorchSharp.Modules.Parameter[] weights = [new(ones(4)), new(ones(2, 2))];
        using var update = new DeviceAdamUpdate(weights, new AdamWOptions());
        weights[0].sum().backward();
        weights[0].sum().backward();
        (weights[1] * 3).sum().backward();
        Assert.Equal(Math.Sqrt(4 * 2 * 2 + 4 * 3 * 3), update.GradientNorm(), 1e-4);
    }

    [Theory]
    [InlineData(LearningRateShape.Constant, 2, 2)]
    [InlineData(LearningRateShape.Linear, 1, 0)]
    [InlineData(LearningRateShape.Cosine, 1, 0)]
    public void At_HalfWayAndAtTheEnd_FollowsTheShape(LearningRateShape shape, double half, double end)
    {
        var rate = new LearningRate { Peak = 2, WarmUpSteps = 20, Shape = shape };
        Assert.Equal(half, rate.At(60, 100), 1e-12);
        Assert.Equal(end, rate.At(100, 100), 1e-12);
    }

    [Fact]
    public void At_AlongTheRun_RisesStaysAndFallsToZero()
    {
        var rate = new LearningRate { Peak = 2, WarmUpSteps = 10, Shape = LearningRateShape.Plateau, FallingShare = 0.5 };
        Assert.Equal(0.2, rate.At(0, 100), 1e-12);
        Assert.Equal(2, rate.At(10, 100));
        Assert.Equal(2, rate.At(50, 100));
        Assert.Equal(1, rate.At(75, 100), 1e-12);
        Assert.Equal(0, rate.At(100, 100));
    }

    private static LinearLayer Layer()
    {
        var layer = new LinearLayer(8, 3, bias: true, Placement.Cpu32);
        WeightInitialisation.Initialise(layer, seed: 1);
        return layer;
    }

    private TrainerOptions Options(string name) => new()
    {
        Folder = Path.Combine(_folder, name),
        Steps = 20,
        AverageDecay = 0.9,
        LearningRate = new LearningRate { Peak = 0.01, Shape = LearningRateShape.Plateau, FallingShare = 0.5 },
    };

    private static float[] Train(TrainerOptions options, int? stopAfter)
    {
        using var layer = Layer();
        using var trainer = new Trainer(layer.named_parameters().Select(p => (p.name, p.parameter)), options);
        using var stop = new CancellationTokenSource();
        trainer.Run(
            step =>
            {
                if (step.Index + 1 == stopAfter)
                {
                    stop.Cancel();
                }

                return (layer.call(randn([4, 8], generator: step.Generator)) - step.Random.NextDouble()).square().mean();
            },
            _ => { },
            cancellationToken: stop.Token);
        return [.. layer.parameters().SelectMany(p => p.data<float>().ToArray()), .. Enumerable.Range(0, 2).SelectMany(i => trainer.WeightAverage!.ValuesOf(i).data<float>().ToArray())];
    }
}
