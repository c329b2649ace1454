using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ControlNetSharp.Engine;

/// <summary>What a program's OpenTelemetry can listen to.</summary>
public static class EngineTelemetry
{
    /// <summary>The name of the source of traces and of the meter.</summary>
    public const string Name = "ControlNetSharp";

    private static readonly Meter Meter = new(Name);

    internal static ActivitySource Source { get; } = new(Name);

    internal static Counter<long> Pictures { get; } =
        Meter.CreateCounter<long>("controlnet.pictures", "{picture}", "Pictures made.");

    internal static Histogram<double> StepSeconds { get; } =
        Meter.CreateHistogram(
            "controlnet.step.duration",
            "s",
            "Mean time of a step of a request.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50],
            }
        );

    internal static Histogram<double> RequestSeconds { get; } =
        Meter.CreateHistogram<double>("controlnet.request.duration", "s", "Time of a request, waiting left out.");
}
