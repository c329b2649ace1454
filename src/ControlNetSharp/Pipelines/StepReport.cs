using System.Diagnostics;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Pipelines;

/// <summary>Counts and times the steps of all passes of a generation.</summary>
internal sealed class StepReport(int steps, Action<SamplingProgress>? progress)
{
    private readonly Stopwatch _sampling = new();
    private int _done;

    /// <summary>Steps of all passes.</summary>
    public int Steps => steps;

    /// <summary>Mean time of a step; what lies between two passes is not counted.</summary>
    public double SecondsPerStep => _sampling.Elapsed.TotalSeconds / steps;

    /// <summary>A pass begins.</summary>
    public void Begin() => _sampling.Start();

    /// <summary>A step is done.</summary>
    public void Done(SamplerStep step) =>
        progress?.Invoke(new SamplingProgress(++_done, steps, _sampling.Elapsed.TotalSeconds, step.Denoised));

    /// <summary>A pass has ended.</summary>
    public void End() => _sampling.Stop();
}
