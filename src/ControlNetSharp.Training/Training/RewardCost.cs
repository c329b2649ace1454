using System.Diagnostics;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// About what a reward costs: a picture is decoded and looked at, with random weights, and the gradients go back.
/// </summary>
/// <param name="Seconds">Time.</param>
/// <param name="Bytes">What is kept for the backward pass.</param>
internal sealed record RewardCost(double Seconds, long Bytes)
{
    private const int Rounds = 2;

    /// <summary>Measures one picture.</summary>
    /// <param name="p">The shape of the Autoencoder.</param>
    /// <param name="compute">The type that it computes in.</param>
    /// <param name="width">Width of the picture in pixels.</param>
    /// <param name="height">Height of the picture in pixels.</param>
    public static RewardCost Of(AutoencoderParams p, ScalarType compute, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(p);
        using var scope = NewDisposeScope();
        using var autoencoder = new Autoencoder(p, new Placement(CPU, compute));
        var network = new EmbeddedNetwork(Placement.Cpu32);
        using var vision = new EmbeddedVision(network);
        foreach (var parameter in autoencoder.parameters().Concat(network.parameters()))
        {
            nn.init.uniform_(parameter, -0.02, 0.02);
        }

        var z = randn([1, p.LatentChannels, height / p.Downscale, width / p.Downscale], compute).requires_grad_();
        var best = new RewardCost(double.MaxValue, 0);
        // The first round also pays for memory and for kernels that are made ready.
        for (var round = 0; round < Rounds; round++)
        {
            using var inner = NewDisposeScope();
            var before = AllocatedMemory.Bytes ?? Environment.WorkingSet;
            var clock = Stopwatch.StartNew();
            var loss = vision.Look(autoencoder.Decode(z)).Edges.mean();
            var kept = (AllocatedMemory.Bytes ?? Environment.WorkingSet) - before;
            loss.backward();
            best = new(Math.Min(best.Seconds, clock.Elapsed.TotalSeconds), Math.Max(best.Bytes, kept));
            z.grad = null;
        }

        return best;
    }

    /// <summary>The same of a batch.</summary>
    /// <param name="pictures">How many of a worker's pictures are rewarded in the mean.</param>
    /// <param name="workers">Threads that compute side by side.</param>
    public RewardCost For(double pictures, int workers) =>
        new(Seconds * pictures, (long)(Bytes * Math.Ceiling(pictures) * workers));
}
