using System.Diagnostics;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// A sampling step with random weights at a family's exact shapes, as <c>controlnet bench</c> measures it. Its tensors
/// are of the dispose scope.
/// </summary>
internal sealed class BenchedStep
{
    private readonly ControlledDenoiser _denoiser;
    private readonly Tensor _latents;

    /// <summary>Makes the networks, the texts and the latents.</summary>
    /// <param name="p">The UNet.</param>
    /// <param name="size">Width and height in pixels.</param>
    /// <param name="batch">Pictures computed together.</param>
    /// <param name="controls">How many controls there are.</param>
    /// <param name="type">What they are: <see cref="BenchControls.Types"/>.</param>
    /// <param name="guidance">The guidance scale; 1 computes one side only.</param>
    /// <param name="placement">Device and compute dtype.</param>
    public BenchedStep(
        UNetParams p,
        int size,
        int batch,
        int controls,
        string type,
        double guidance,
        Placement placement
    )
    {
        var unet = BenchOptions.Randomised(new UNet(p, placement));
        var made = new BenchControls(unet, size, placement);
        var attached = Enumerable.Range(0, controls).Select(_ => made.Make(type)).ToList();
        Networks = [unet, .. made.Networks];
        Gflop = (guidance == 1 ? 1 : 2) * batch * (NetworkCost.UNet(p, size / 8, size / 8) + controls * made.Gflop(type));
        _latents = Seeds.Noise(0, batch, p.OutChannels, size / 8, size / 8).to(placement.Device);
        _denoiser = new ControlledDenoiser(
            unet,
            PredictionType.Epsilon,
            [new PromptArea([Text(p, placement)])],
            guidance,
            attached,
            steps: 1
        );
    }

    /// <summary>The networks that a step runs.</summary>
    public IReadOnlyList<nn.Module> Networks { get; }

    /// <summary>What a step computes, in GFLOP.</summary>
    public double Gflop { get; }

    /// <summary>One step, to its end on the device.</summary>
    public void Run()
    {
        using var scope = NewDisposeScope();
        _denoiser.Denoise(_latents, NoiseSchedule.StableDiffusion.LevelAt(500), 0).sum().item<float>();
    }

    /// <summary>Seconds of several steps, after one that does not count.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyList<double> Time(int steps, CancellationToken cancellationToken)
    {
        Run();
        return
        [
            .. Enumerable
                .Range(0, steps)
                .Select(_ =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var clock = Stopwatch.GetTimestamp();
                    Run();
                    return Stopwatch.GetElapsedTime(clock).TotalSeconds;
                })
                .Order(),
        ];
    }

    /// <summary>The middle of numbers in rising order.</summary>
    public static double Median(IReadOnlyList<double> ordered) =>
        (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;

    private static StepSides Text(UNetParams p, Placement placement)
    {
        var context = randn([1, 77, p.ContextChannels], placement.Dtype, placement.Device);
        var vector = p.VectorChannels is { } channels ? randn([1, channels], placement.Dtype, placement.Device) : null;
        var side = new TextSide(context, vector);
        return new(side, [new(side)]);
    }
}
