using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Operation;

/// <summary>What is measured, under the names of OpenTelemetry's conventions: unit and meaning stand at each.</summary>
internal sealed class Measures : IDisposable
{
    /// <summary>
    /// The name of the meter and of the source of traces: that of the engine, which counts pictures and steps.
    /// </summary>
    public const string Name = EngineTelemetry.Name;

    private static readonly double[] JobBounds = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 500, 1000, 5000];

    private readonly Meter _meter = new(Name);
    private readonly ConcurrentBag<ControlNetEngine> _engines = [];
    private readonly Counter<long> _jobs;
    private readonly Histogram<double> _jobSeconds;

    public Measures()
    {
        _jobs = _meter.CreateCounter<long>("controlnet.jobs", "{job}", "Jobs that came to an end here.");
        _jobSeconds = _meter.CreateHistogram(
            "controlnet.job.duration",
            "s",
            "From the claim of a job to its end.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = JobBounds }
        );
        _meter.CreateObservableGauge("controlnet.queue.length", () => Queue.Queued, "{job}", "Jobs that wait.");
        _meter.CreateObservableGauge(
            "controlnet.queue.age",
            () => Queue.OldestSeconds,
            "s",
            "How long the oldest of the jobs that wait has waited."
        );
        _meter.CreateObservableGauge(
            "controlnet.queue.running",
            () => Queue.Running,
            "{job}",
            "Jobs that workers have."
        );
        ObserveShelves("controlnet.shelf.hits", "{network}", "Networks that were loaded already.", f => f.Hits);
        ObserveShelves("controlnet.shelf.loads", "{network}", "Networks that had to be loaded.", f => f.Loads);
        _meter.CreateObservableGauge(
            "controlnet.shelf.size",
            () => Shelves(figures => figures.Bytes),
            "By",
            "Bytes of the networks that are loaded."
        );
        _meter.CreateObservableGauge(
            "controlnet.process.memory",
            () => Environment.WorkingSet,
            "By",
            "Physical memory of the program, with what libtorch took."
        );
    }

    /// <summary>Traces of jobs.</summary>
    public static ActivitySource Traces { get; } = new(Name);

    /// <summary>The queue when it was last looked at.</summary>
    public QueueFigures Queue { get; set; } = new(0, 0, 0);

    /// <summary>An engine's shelf counts from now on.</summary>
    public void Add(ControlNetEngine engine) => _engines.Add(engine);

    /// <summary>A job came to an end here.</summary>
    /// <param name="kind">One of <see cref="JobKind"/>.</param>
    /// <param name="end">What it came to: <c>done</c>, <c>cancelled</c>, <c>released</c>, or the error's code.</param>
    /// <param name="seconds">Since it was claimed.</param>
    public void End(string kind, string end, double seconds)
    {
        var tags = new TagList { { "kind", kind }, { "end", end } };
        _jobs.Add(1, tags);
        _jobSeconds.Record(seconds, tags);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void ObserveShelves(string name, string unit, string meaning, Func<ShelfFigures, long> figure) =>
        _meter.CreateObservableCounter(name, () => Shelves(figure), unit, meaning);

    private IEnumerable<Measurement<long>> Shelves(Func<ShelfFigures, long> figure) =>
        _engines.Select(engine => new Measurement<long>(
            figure(engine.Shelf),
            new KeyValuePair<string, object?>("device", engine.Options.Device)
        ));
}
