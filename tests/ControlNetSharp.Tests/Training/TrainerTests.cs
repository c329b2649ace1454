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
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Run_InterruptedAndResumed_EqualsAnUnbrokenRunInEveryBit(int workers, bool muon)
    {
        TrainerOptions Options(string name) => this.Options(name) with { Workers = workers, Muon = muon ? new MuonOptions { Moves = (_, weight) => weight.dim() == 2 } : null };
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
        var before = File.ReadAllBytes(Path.Combine(_folder, "nan", "checkpoint.safetensors"));
        using var layer = Layer();
        using var trainer = new Trainer(layer.named_parameters().Select(p => (p.name, p.parameter)), Options("nan"));
        var e = Assert.Throws<TrainingException>(() => trainer.Run(_ => layer.call(ones(1, 8)).sum() * double.NaN, _ => { }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(6, e.Step);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(_folder, "nan", "checkpoint.safetensors")));
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
    public void At_AlongTheRun_RisesStaysAndFallsToZero()
    {
        var rate = new LearningRate { Peak = 2, WarmUpSteps = 10, FallingShare = 0.5 };
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
        LearningRate = new LearningRate { Peak = 0.01, FallingShare = 0.5 },
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
        return [.. layer.parameters().SelectMany(p => p.data<float>().ToArray()), .. trainer.WeightAverage.Values.data<float>()];
    }
}
