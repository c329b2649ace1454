using System.Diagnostics;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// A sampling step with random weights at a family's exact shapes, as <c>controlnet bench</c> measures it. Its tensors
/// are of the dispose scope.
/// </summary>
internal sealed class BenchedStep : IDisposable
{
    private readonly ControlledDenoiser _denoiser;
    private readonly Tensor _latents;
    private readonly StepCache? _cache;
    private readonly int _steps;

    /// <summary>Makes the networks, the texts and the latents.</summary>
    /// <param name="p">The UNet.</param>
    /// <param name="work">What is computed.</param>
    /// <param name="placement">Device and compute dtype.</param>
    public BenchedStep(UNetParams p, BenchedWork work, Placement placement)
    {
        var side = work.Size / 8;
        var unet = BenchOptions.Randomised(new UNet(p, placement));
        var made = new BenchControls(unet, work.Size, placement);
        var attached = Enumerable.Range(0, work.Controls).Select(_ => made.Make(work.ControlType)).ToList<IControl>();
        if (work.MergedTokens > 0)
        {
            long[] seeds = [.. Enumerable.Range(0, work.Batch)];
            attached.Add(new TokenMerging(work.MergedTokens, seeds, p));
        }

        Networks = [unet, .. made.Networks];
        if (placement.Int8)
        {
            foreach (var network in Networks.Where(network => network is UNet or ControlNet or ControlNetUnion))
            {
                Int8Layers.Convert(network);
            }
        }

        var sides = work.Guidance == 1 ? 1 : 2;
        Gflop = sides * work.Batch * (NetworkCost.UNet(p, side, side) + work.Controls * made.Gflop(work.ControlType));
        _latents = Seeds.Noise(0, work.Batch, p.OutChannels, side, side).to(placement.Device);
        _steps = work.CacheInterval;
        _cache = _steps > 1 ? new StepCache(_steps) : null;
        _denoiser = new ControlledDenoiser(
            unet,
            PredictionType.Epsilon,
            [new PromptArea([Text(p, placement)])],
            work.Guidance,
            attached,
            _steps
        )
        {
            Cache = _cache,
        };
    }

    /// <summary>The networks that a step runs.</summary>
    public IReadOnlyList<nn.Module> Networks { get; }

    /// <summary>What a step computes where nothing is left out, in GFLOP.</summary>
    public double Gflop { get; }

    /// <summary>
    /// A step to its end on the device: of a cache as many as from one whole step to the next, of which a step is the
    /// mean.
    /// </summary>
    public void Run()
    {
        for (var step = 0; step < _steps; step++)
        {
            using var scope = NewDisposeScope();
            _denoiser.Denoise(_latents, NoiseSchedule.StableDiffusion.LevelAt(500), step).sum().item<float>();
        }
    }

    /// <summary>Seconds of several steps in rising order, after one that does not count.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyList<double> Time(int steps, CancellationToken cancellationToken)
    {
        Run();
        return [.. Enumerable.Range(0, steps).Select(_ => One()).Order()];

        double One()
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Seconds();
        }
    }

    /// <summary>
    /// Where the time of a step goes, and the seconds of one that is not timed inside: each the fastest of several, in
    /// turns, so that a machine that grows slower or faster does so for both.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public (IReadOnlyList<ProfileRow> Rows, double Seconds) Profile(int steps, CancellationToken cancellationToken)
    {
        var profile = new StepProfile(Networks, _latents.device);
        var seconds = double.MaxValue;
        for (var i = 0; i < steps; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            profile.Run(Run);
            cancellationToken.ThrowIfCancellationRequested();
            seconds = Math.Min(seconds, Seconds());
        }

        return (
            [
                .. profile.Rows.Select(row =>
                    row with
                    {
                        Calls = (row.Calls + _steps - 1) / _steps,
                        Seconds = row.Seconds / _steps,
                        Gflop = row.Gflop / _steps,
                    }
                ),
            ],
            seconds
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _cache?.Dispose();

    /// <summary>The middle of numbers in rising order.</summary>
    public static double Median(IReadOnlyList<double> ordered) =>
        (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;

    private double Seconds()
    {
        var clock = Stopwatch.GetTimestamp();
        Run();
        return Stopwatch.GetElapsedTime(clock).TotalSeconds / _steps;
    }

    private static StepSides Text(UNetParams p, Placement placement)
    {
        var context = randn([1, 77, p.ContextChannels], placement.Dtype, placement.Device);
        var vector = p.VectorChannels is { } channels ? randn([1, channels], placement.Dtype, placement.Device) : null;
        var side = new TextSide(context, vector);
        return new(side, [new(side)]);
    }
}
