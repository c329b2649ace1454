using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Engine;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Measuring;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training.Datasets;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// A training from its request: checked and found when it is made, without libtorch; computed by <see cref="Run"/>, on
/// the thread of whoever calls it. A server makes it where the request comes in and runs it where the device is.
/// </summary>
public sealed class RequestedTraining
{
    private const int MostValidationExamples = 32;

    private readonly TrainingRequest _request;
    private readonly EngineOptions _options;
    private readonly List<string> _conditions;
    private readonly string _model;
    private readonly string? _start;
    private readonly Dictionary<string, string> _controls;
    private readonly IReadOnlyList<(TrainingExample Example, HintSource Source)> _sources;

    /// <summary>Checks the request, finds its files and lists the dataset; nothing is written.</summary>
    /// <param name="request">What is to be trained.</param>
    /// <param name="options">Device, type, and where models and annotators' weights lie.</param>
    /// <exception cref="RequestException">
    /// A value is not allowed, a file or folder is not there, or the folder of the results is taken.
    /// </exception>
    /// <exception cref="DatasetException">The dataset cannot be read.</exception>
    /// <exception cref="CheckpointException">The model's file is damaged.</exception>
    public RequestedTraining(TrainingRequest request, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Check();
        (_request, _conditions) = (request, TrainingConditions.Of(request.Conditions));
        Files = new TrainingFiles(request, _conditions);
        Files.Check();
        _options = ForTraining(request, options);
        var finder = Finder(options);
        _model = Found("model", request.Model, () => finder.Find(ModelRole.Model, request.Model));
        _start = request.Start is { } start
            ? Found("start", start, () => finder.Find(ModelRole.ControlNet, start, _model))
            : null;
        var refusal = TrainableDenoiser.WhyNot(CheckpointLoader.ReadModelShape(_model).UNet);
        RequestRules.Require(refusal is null, "model", request.Model, refusal ?? "");
        var dataset = TrainingDataset.Open(request.Data);
        _sources = TrainingConditions.Sources(_conditions, dataset);
        _controls = request.ControlledShare > 0 ? FindControls(finder) : [];
        CheckReward();
        Notes =
        [
            .. dataset.Notes,
            .. Kinds()
                .Where(kind => _controls.Count > 0 && !_controls.ContainsKey(kind))
                .Select(kind => $"examples of {kind} are not controlled: the model has no ControlNet for it."),
            .. Kinds()
                .Where(kind => request.RewardOptions is not null && !HintReaders.Has(kind))
                .Select(kind => $"examples of {kind} are not rewarded: nothing reads them with gradients."),
        ];
    }

    /// <summary>What a person should know of the dataset, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// Whether freed memory is kept for the rest of the process, which makes steps 7 to 16 % faster: for a program that
    /// does nothing else. Default false.
    /// </summary>
    public bool KeepsMemory { get; init; }

    /// <summary>Where the results go.</summary>
    internal TrainingFiles Files { get; }

    private AnnotatorFiles Annotators => AnnotatorFiles.Below(_options.ModelFolders);

    /// <summary>Says what a training will cost in memory and time; reads only the model's header.</summary>
    /// <param name="request">What is to be trained; dataset and folders do not count.</param>
    /// <param name="options">Device (the CPU), type, and where models lie.</param>
    /// <param name="keepsMemory">As <see cref="KeepsMemory"/>.</param>
    /// <exception cref="RequestException">A value is not allowed, or the model is not there.</exception>
    /// <exception cref="CheckpointException">The model's file is damaged.</exception>
    /// <exception cref="RuntimeUnavailableException">libtorch is not there.</exception>
    public static PlannedTraining Plan(TrainingRequest request, EngineOptions options, bool keepsMemory = false)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Check();
        options = ForTraining(request, options);
        RequestRules.Require(
            options.Device == PlacementPolicy.Cpu,
            "device",
            options.Device,
            "a `plan` knows memory and speed of the CPU alone; leave out `device`."
        );
        var finder = Finder(options);
        var file = Found("model", request.Model, () => finder.Find(ModelRole.Model, request.Model));
        var placement = PlacementPolicy.Load(options.Device, options.Dtype);
        var (unet, autoencoder, parameters, nativeSize) = CheckpointLoader.ReadModelShape(file);
        var workers = WorkersFor(request, options, unet, keepsMemory);
        using var network = new UNet(unet, Placement.Meta);
        var side = request.Resolution ?? nativeSize;
        var planner = new TrainingPlanner(
            unet,
            parameters - network.parameters().Sum(p => p.numel()),
            request.Target,
            placement.Dtype,
            request.TrainedRank,
            autoencoder
        );
        var plan = planner.Plan(request.ToOptions(workers), side, side, request.Checkpointing);
        return new PlannedTraining(
            plan,
            side,
            placement.Dtype,
            request.BatchSize * request.Accumulation / plan.SecondsPerStep
        );
    }

    /// <summary>
    /// Trains until the last step, until the control has converged, or until cancelled; each ends with a checkpoint,
    /// the finished network and a report.
    /// </summary>
    /// <param name="events">Told how it goes.</param>
    /// <param name="cancellationToken">
    /// Ends encoding before the next example, and the training after the present step.
    /// </param>
    /// <exception cref="RequestException">Another run writes into the folder.</exception>
    /// <exception cref="CheckpointException">
    /// A file of weights cannot be used, or the folder has a checkpoint of another training.
    /// </exception>
    /// <exception cref="TrainingException">A loss or gradient is not finite; the last checkpoint is intact.</exception>
    /// <exception cref="Pictures.PictureException">A picture of the dataset cannot be read.</exception>
    /// <exception cref="RuntimeUnavailableException">libtorch or the device is not there.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the first step.</exception>
    public TrainingSummary Run(TrainingEvents events, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        var placement = PlacementPolicy.Load(_options.Device, _options.Dtype);
        // Workers compute with one libtorch thread each; afterwards it is as before.
        using var threads = new ThreadCount(_options.Threads);
        // What is trained has to be float32; what is locked takes the memory of the type that is computed in.
        var trained = placement with
        {
            Dtype = ScalarType.Float32,
        };
        var parts = TargetParts.Of(_request.Target);
        using var model = CheckpointLoader.LoadModel(_model, parts.ChangesModel ? trained : placement);
        var workers = WorkersFor(_request, _options, model.UNet.Params, KeepsMemory);
        using var controlNet = parts.HasControl ? ControlNetFor(model, trained) : null;
        using var student = parts.IsDistilled
            ? TrainableCopy.WithLora(model.UNet, _request.Seed, _request.TrainedRank!.Value)
            : null;
        var denoiser = new TrainableDenoiser(student ?? model.UNet, controlNet, _request.Target, placement.Dtype)
        {
            Checkpointing = _request.Checkpointing,
        };
        using var claim = Files.Claim();
        if (student is null)
        {
            return Train(model, denoiser, null, workers, events, cancellationToken);
        }

        using var controls = new LockedControlNets(_controls, placement, model);
        var teacher = new GuidedTeacher(
            model.UNet,
            ExampleText.Of(model, "").To(denoiser.Device),
            _request.TaughtGuidance,
            controls.ByCondition
        );
        return Train(model.With(student), denoiser, teacher, workers, events, cancellationToken);
    }

    /// <summary>
    /// The files of the ControlNets by which a student and its teacher are controlled, by condition: at least one.
    /// </summary>
    private Dictionary<string, string> FindControls(ModelFinder finder)
    {
        var (kinds, family) = (Kinds().ToList(), FamilyOf(_model));
        var files = kinds
            .Select(kind => (Kind: kind, File: _start ?? finder.LookForControlNet(kind, family, _model)))
            .Where(control => control.File is not null)
            .ToDictionary(control => control.Kind, control => control.File!, StringComparer.Ordinal);
        // Where there is none, the error names the places.
        return files.Count > 0
            ? files
            : new()
            {
                [kinds[0]] = Found("conditions", kinds[0], () => finder.ControlNetFor(kinds[0], family, _model)),
            };
    }

    /// <summary>Whether what is to be rewarded can be read.</summary>
    private void CheckReward()
    {
        if (_request.RewardOptions is null)
        {
            return;
        }

        const string Member = "reward";
        RequestRules.Require(
            Kinds().Any(HintReaders.Has),
            Member,
            _request.Reward,
            $"nothing reads {string.Join(", ", Kinds())} with gradients; the condition must be "
                + $"{string.Join(", ", HintReaders.Kinds)}, or leave it out."
        );
        try
        {
            Annotators.Find(EmbeddedVision.AnyAnnotator);
        }
        catch (FileNotFoundException e)
        {
            throw new RequestException(Member, null, e.Message, e);
        }
    }

    /// <summary>What the hints of the dataset show.</summary>
    private IEnumerable<string> Kinds() =>
        _sources.Select(row => row.Example.Condition ?? row.Source.Condition).Distinct();

    private TrainingSummary Train(
        DiffusionModel model,
        TrainableDenoiser denoiser,
        GuidedTeacher? teacher,
        int workers,
        TrainingEvents events,
        CancellationToken cancellationToken
    )
    {
        var hash = CheckpointHash.OfModel(_model);
        var (training, validation) = Split(Encode(model, hash, workers, events, cancellationToken));
        var options = _request.ToOptions(workers, model, hash, _conditions);
        using var judges = new TrainingJudges(Kinds(), Annotators);
        using var reward = options.Reward is { } rewarded
            ? HintReward.Of(model, EmbeddedVision.Load(Annotators, _options.Device), rewarded)
            : null;
        var run = new TrainingRun(model, denoiser, training, validation, judges.Of, options, teacher, reward);
        events.OnMessage(
            $"{training.Examples.Count} example{(training.Examples.Count == 1 ? "" : "s")}, "
                + $"{validation.Examples.Count} for validation; {options.LearningRate.Peak:g3} learning rate, batches "
                + $"of {_request.BatchSize}, {denoiser.Compute} on {denoiser.Device}; into {_request.Out}"
        );
        var (clock, files) = (Stopwatch.StartNew(), (IReadOnlyList<string>)[]);
        var sources = _sources.Select(row => row.Source);
        var result = run.Run(
            events,
            finished => files = Files.Write(model, denoiser, sources, hash, finished),
            cancellationToken
        );
        Files.WriteReport(options.LearningRate.Peak, result, clock.Elapsed);
        return new TrainingSummary(
            result.Step,
            result.Loss,
            result.ValidationLoss,
            result.Fidelity,
            result.FidelityWithoutControl,
            result.ConvergedAtStep,
            _request.Out,
            files,
            cancellationToken.IsCancellationRequested
        )
        {
            Reward = result.Reward,
        };
    }

    /// <summary>
    /// The options as a training needs them: bf16 where a GPU is to choose, since gradients in fp16 would vanish
    /// without a scaling of the loss.
    /// </summary>
    private static EngineOptions ForTraining(TrainingRequest request, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequestRules.Require(
            options.Dtype != "fp16",
            "dtype",
            options.Dtype,
            "small gradients are zero in it; must be auto, bf16 or fp32 for training."
        );
        RequestRules.Require(
            PlacementPolicy.HasGradients(options.Dtype),
            "dtype",
            options.Dtype,
            "whole numbers have no gradients; must be auto, bf16 or fp32 for training."
        );
        PlacementPolicy.CheckDevice(options.Device);
        PlacementPolicy.CheckDtype(options.Device, options.Dtype);
        var onCpu = options.Device == PlacementPolicy.Cpu;
        RequestRules.Require(
            onCpu || !request.EightBitState,
            "eightBitState",
            null,
            $"it is for training on the CPU; leave it out with `device` {options.Device}."
        );
        return options.Dtype == "auto" && !onCpu ? options with { Dtype = "bf16" } : options;
    }

    /// <summary>How many threads compute side by side.</summary>
    private static int WorkersFor(TrainingRequest request, EngineOptions options, UNetParams p, bool keepsMemory)
    {
        if (options.Device != PlacementPolicy.Cpu)
        {
            return 1;
        }

        var sideBySide = NarrowModels.AreFasterSideBySide(p) && request.BatchSize % 2 == 0 && request.Accumulation == 1;
        var workers = sideBySide ? 2 : 1;
        if (keepsMemory)
        {
            AllocatorTuning.KeepFreedMemory(workers);
        }

        return workers;
    }

    private ControlNet ControlNetFor(DiffusionModel model, Placement placement)
    {
        if (_start is not null)
        {
            return CheckpointLoader.LoadControlNet(_start, placement, model);
        }

        var (controlNet, fresh) = TrainableCopy.Of(model.UNet, _request.Seed, placement, _request.TrainedRank);
        TrainableCopy.ReadFrom(controlNet, fresh, _model);
        return controlNet;
    }

    private ExampleCache Encode(
        DiffusionModel model,
        string hash,
        int workers,
        TrainingEvents events,
        CancellationToken cancellationToken
    )
    {
        var telling = new Lock();
        return ExampleCache.Open(
            Files.Cache,
            model,
            hash,
            _sources,
            Annotators,
            new AspectBuckets(_request.Resolution ?? model.NativeSize),
            _options.Device == PlacementPolicy.Cpu ? workers : Environment.ProcessorCount,
            done =>
            {
                lock (telling)
                {
                    events.OnExample?.Invoke(done, _sources.Count);
                }
            },
            cancellationToken
        );
    }

    /// <summary>A twentieth of the examples, chosen by the seed, is kept for validation.</summary>
    private (ExampleCache Training, ExampleCache Validation) Split(ExampleCache examples)
    {
        var count = examples.Examples.Count;
        var order = Enumerable.Range(0, count).ToArray();
        new Random(_request.Seed).Shuffle(order);
        var kept = Math.Clamp(count / 20, count > 1 ? 1 : 0, MostValidationExamples);
        return (examples.Part(order.Skip(kept).Order()), examples.Part(order.Take(kept)));
    }

    private static ModelFinder Finder(EngineOptions options) =>
        new(new ModelFinderOptions { Folders = options.ModelFolders, AllowPaths = options.AllowPaths });

    private static ModelFamily? FamilyOf(string model)
    {
        using var files = CheckpointFiles.Open(model);
        return CheckpointKind.FamilyOf(files.Shapes);
    }

    private static string Found(string member, string value, Func<string> find)
    {
        try
        {
            return find();
        }
        catch (ModelNotFoundException e)
        {
            throw new RequestException(member, value, e.Message, e);
        }
    }
}
