using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public class EmbeddedNetworkLossTests
{
    private const int Size = 32;
    private static readonly float[] Equal = [.. Enumerable.Repeat(1f, EmbeddedClasses.All.Count)];

    [Fact]
    public void Of_WhatIsThere_IsLessThanOfAnyOneMapWrong()
    {
        using var folder = new TemporaryFolder();
        using var cache = SceneCache.Open(folder["scenes"], Size, [5, 11]);
        using var scope = NewDisposeScope();
        var truth = cache.Batch([(0, false), (1, true)]);
        foreach (var (dx, dy) in new[] { (0, 0), (1, 0), (0, 1) })
        {
            var right = Seen(truth, dx, dy);
            double Loss(EmbeddedMaps maps) => EmbeddedNetworkLoss.Of(maps, truth, dx, dy, Equal).item<float>();
            var least = Loss(right);
            Assert.InRange(least, -1e-5, 0.01);
            Assert.True(Loss(right with { Edges = -right.Edges }) > least + 1);
            // Another scale costs less than another shape: half the picture, farther by the same.
            Assert.InRange(Loss(right with { Depth = right.Depth + 1 }), least + 0.4, least + 0.6);
            Assert.True(Loss(right with { Depth = right.Depth + cat([zeros(1, 1, 8, 16), ones(1, 1, 8, 16)], 2) }) > least + 0.6);
            Assert.True(Loss(right with { Normals = -right.Normals }) > least + 1);
            Assert.True(Loss(right with { Classes = right.Classes.roll(1, 1) }) > least + 1);
            Assert.True(Loss(right with { Parts = right.Parts + 0.5 }) > least + 1);
            Assert.True(Loss(right with { Limbs = right.Limbs + 0.5 }) > least + 1);
        }
    }

    [Fact]
    public void Of_ANetworkInBf16_GivesGradientsToEveryParameter()
    {
        using var folder = new TemporaryFolder();
        using var cache = SceneCache.Open(folder["scenes"], Size, [5]);
        using var scope = NewDisposeScope();
        using var network = new EmbeddedNetwork(Placement.Cpu32);
        WeightInitialisation.Initialise(network, 1);
        foreach (var parameter in network.parameters())
        {
            parameter.requires_grad = true;
        }

        var truth = cache.Batch([(0, false)]);
        EmbeddedNetworkLoss.Of(network.Forward(truth.Pictures.to(ScalarType.BFloat16)), truth, 0, 1, Equal).backward();
        // The attention ends in zeros at the start, so nothing behind it has a gradient yet.
        Assert.All(network.named_parameters().Where(p => !p.name.Contains("attn", StringComparison.Ordinal)), p => Assert.True(p.parameter.grad?.abs().sum().item<float>() > 0, p.name));
    }

    /// <summary>Maps that see what is there.</summary>
    private static EmbeddedMaps Seen(SceneBatch truth, int dx, int dy)
    {
        Tensor Half(Tensor map) => map.slice(-1, dx, Size, 2).slice(-2, dy, Size, 2);
        return new(
            (truth.Edges * 2 - 1) * 20,
            Half(truth.Depth).clamp(max: Math.Log(300)),
            Half(truth.Normals) * 3,
            nn.functional.one_hot(Half(truth.Classes), EmbeddedClasses.All.Count).permute(0, 3, 1, 2).to(ScalarType.Float32) * 30,
            truth.Parts,
            truth.Limbs);
    }
}
