using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlNetSharp.Engine;

/// <summary>
/// The front door: requests in, pictures out. It finds and loads models, makes hints and generates. Several callers may
/// use one
/// engine at once; each device has one thread, which does their work one after the other. Loaded networks stay for the
/// next request.
/// </summary>
public sealed partial class ControlNetEngine : IAsyncDisposable
{
    private readonly EngineParts _parts;
    private readonly DeviceWorker _worker;
    private readonly ILogger _logger;

    /// <summary>Starts an engine. Nothing is loaded before the first request.</summary>
    /// <param name="options">Where it computes and finds files; null for the CPU and the embedded model.</param>
    /// <param name="logger">Told of requests, their times and warnings, never of prompts; null for nobody.</param>
    /// <exception cref="ArgumentException">A device or dtype is not known.</exception>
    /// <exception cref="Checkpoints.CheckpointException">A decoder for previews cannot be used.</exception>
    public ControlNetEngine(EngineOptions? options = null, ILogger<ControlNetEngine>? logger = null)
    {
        _logger = logger ?? NullLogger<ControlNetEngine>.Instance;
        _parts = new EngineParts(options ?? new());
        _worker = new DeviceWorker(_parts.Options.Device);
    }

    /// <summary>Where and how it computes.</summary>
    public EngineOptions Options => _parts.Options;

    /// <summary>Finds models and everything else that requests name.</summary>
    public ModelFinder Models => _parts.Finder;

    /// <summary>Requests that wait for the device.</summary>
    public int Waiting => _worker.Waiting;

    /// <summary>What the loaded networks came to so far.</summary>
    internal ShelfFigures Shelf => _parts.Shelf.Figures;

    /// <summary>
    /// Says what is wrong with a request before anything is loaded: values, pictures, files that are not there.
    /// </summary>
    /// <param name="request">The request. Its pictures are read.</param>
    /// <param name="cancellationToken">Ends the search for files.</param>
    /// <exception cref="RequestException">The request asks for what cannot be.</exception>
    /// <exception cref="Pictures.PictureException">A file is no picture.</exception>
    /// <exception cref="ModelNotFoundException">A file is not there.</exception>
    public void Check(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ = new GenerationRun(request, _parts, null, cancellationToken);
    }

    /// <summary>Makes the pictures of a request.</summary>
    /// <param name="request">What they are to be.</param>
    /// <param name="progress">Told after each step, on the thread that computes.</param>
    /// <param name="previewEvery">After how many steps the progress has a preview; 0 (the default) for never.</param>
    /// <param name="cancellationToken">Ends waiting at once and computing before the next step.</param>
    /// <exception cref="RequestException">The request asks for what cannot be; nothing was loaded.</exception>
    /// <exception cref="Pictures.PictureException">A file is no picture.</exception>
    /// <exception cref="Checkpoints.CheckpointException">A file of weights cannot be used.</exception>
    /// <exception cref="RuntimeUnavailableException">libtorch or the device is not there.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<GenerationResult> GenerateAsync(
        GenerationRequest request,
        IProgress<GenerationProgress>? progress = null,
        int previewEvery = 0,
        CancellationToken cancellationToken = default
    )
    {
        var pictures = new List<GeneratedPicture>();
        var summary = await RunAsync(
                request,
                null,
                pictures.Add,
                new RunFeedback(_ => { }, progress, previewEvery),
                cancellationToken
            )
            .ConfigureAwait(false);
        return new GenerationResult(pictures, summary);
    }

    /// <summary>Makes a picture again from its manifest, pixel for pixel on the same kind of machine.</summary>
    /// <param name="replay">The picture with its manifest.</param>
    /// <param name="progress">Told after each step, on the thread that computes.</param>
    /// <param name="cancellationToken">Ends waiting at once and computing before the next step.</param>
    /// <exception cref="RequestException">A file that made the picture is missing.</exception>
    /// <exception cref="Checkpoints.CheckpointException">
    /// A file is another than the one that made the picture.
    /// </exception>
    public async Task<GenerationResult> ReplayAsync(
        Replay replay,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(replay);
        var pictures = new List<GeneratedPicture>();
        var summary = await RunAsync(
                replay.Manifest.Request,
                replay,
                pictures.Add,
                new RunFeedback(_ => { }, progress, 0),
                cancellationToken
            )
            .ConfigureAwait(false);
        return new GenerationResult(pictures, summary);
    }

    /// <summary>Makes a hint alone.</summary>
    /// <param name="unit">
    /// Kind, picture, annotator with options, resolution; what else a unit has does not count.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends waiting at once, and computing before the next network or part of the picture.
    /// </param>
    /// <exception cref="RequestException">The unit asks for what cannot be.</exception>
    public Task<AnnotationResult> AnnotateAsync(ControlUnit unit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(unit);
        const string path = "unit";
        // A ControlNet is not needed for a hint.
        RequestRules.CheckUnit(unit with { Model = unit.Model ?? "" }, path);
        RequestInputs.RequireThere(path + ".picture", unit.Picture);
        var source = UnitAnnotator.Open(unit, path);
        return _worker.RunAsync(
            () => AnnotationResult.Of(unit, source, _parts.HintMaker, cancellationToken),
            cancellationToken
        );
    }

    /// <summary>Enlarges a picture alone, without a diffusion model.</summary>
    /// <param name="request">The picture, by what, and how much.</param>
    /// <param name="progress">Told of the share that is done, 0 to 1, on the thread that computes.</param>
    /// <param name="cancellationToken">Ends waiting at once, and computing before the next tile.</param>
    /// <exception cref="RequestException">The request asks for what cannot be; nothing was loaded.</exception>
    /// <exception cref="Pictures.PictureException">The file is no picture.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The file of weights is no upscaler.</exception>
    /// <exception cref="RuntimeUnavailableException">libtorch or the device is not there.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<UpscaledPicture> UpscaleAsync(
        UpscaleRequest request,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var run = new UpscaleRun(request, _parts, cancellationToken);
        return _worker.RunAsync(() => run.Make(progress, cancellationToken), cancellationToken);
    }

    /// <summary>Says what is wrong with such a request before anything is loaded.</summary>
    /// <inheritdoc cref="UpscaleAsync" path="/exception"/>
    internal void Check(UpscaleRequest request, CancellationToken cancellationToken) =>
        _ = new UpscaleRun(request, _parts, cancellationToken);

    /// <summary>Finishes what waits, then frees the networks.</summary>
    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync().ConfigureAwait(false);
        _parts.Dispose();
    }

    /// <summary>Checks and finds on the caller's thread, then computes on the device's.</summary>
    internal async Task<GenerationSummary> RunAsync(
        GenerationRequest request,
        Replay? replay,
        Action<GeneratedPicture> onPicture,
        RunFeedback feedback,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        using var activity = EngineTelemetry.Source.StartActivity("controlnet.generate");
        var run = new GenerationRun(request, _parts, replay, cancellationToken);
        var summary = await _worker
            .RunAsync(() => run.Make(onPicture, feedback, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        Tell(request, summary, activity);
        return summary;
    }

    private void Tell(GenerationRequest request, GenerationSummary summary, Activity? activity)
    {
        var model = new KeyValuePair<string, object?>("controlnet.model", request.Model);
        EngineTelemetry.Pictures.Add(request.Pictures, model);
        EngineTelemetry.StepSeconds.Record(summary.SecondsPerStep, model);
        EngineTelemetry.RequestSeconds.Record(summary.TotalSeconds, model);
        activity?.SetTag("controlnet.model", request.Model).SetTag("controlnet.steps", summary.Steps);
        activity?.SetTag("controlnet.units", request.Units.Count);
        LogMade(request.Pictures, request.Model, summary.TotalSeconds, summary.SecondsPerStep);
        foreach (var warning in summary.Warnings)
        {
            LogWarning(warning.Member, warning.Text);
        }
    }

    [LoggerMessage(
        LogLevel.Information,
        "{Pictures} pictures by {Model} in {Seconds:0.0} s, {SecondsPerStep:0.000} s a step"
    )]
    private partial void LogMade(int pictures, string model, double seconds, double secondsPerStep);

    [LoggerMessage(LogLevel.Warning, "{Member}: {Text}")]
    private partial void LogWarning(string member, string text);
}
