using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Engine;
using ControlNetSharp.Measuring;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// An evaluation from its request: checked and found when it is made, without libtorch; computed by <see cref="Run"/>,
/// on the thread of whoever calls it. A server makes it where the request comes in and runs it where the device is.
/// </summary>
public sealed class RequestedEvaluation
{
    private readonly EvaluationRequest _request;
    private readonly EngineOptions _options;
    private readonly ModelFinder _finder;
    private readonly string _model;
    private readonly Dictionary<string, string> _controlNets;
    private readonly List<string> _loras;
    private readonly string? _classifier;
    private readonly PictureFolder? _data;
    private readonly EvaluationPage? _page;

    /// <summary>Checks the request, finds its files and makes the folder of its page.</summary>
    /// <param name="request">What is to be measured.</param>
    /// <param name="options">Device, type, and where models, ControlNets and annotators' weights lie.</param>
    /// <exception cref="RequestException">A value is not allowed, or a file or folder is not there.</exception>
    /// <exception cref="CheckpointException">The model's file is damaged.</exception>
    /// <exception cref="ArgumentException">A device or type is not known.</exception>
    public RequestedEvaluation(EvaluationRequest request, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(options);
        request.Check();
        PlacementPolicy.CheckDevice(options.Device);
        PlacementPolicy.CheckDtype(options.Device, options.Dtype);
        (_request, _options) = (request, options);
        _finder = new ModelFinder(
            new ModelFinderOptions { Folders = options.ModelFolders, AllowPaths = options.AllowPaths }
        );
        _data = request.Data is { } folder ? new PictureFolder("data", folder) : null;
        _model = Found("model", request.Model, () => _finder.Find(ModelRole.Model, request.Model));
        _controlNets = request.Controls.Count == 0 ? AllControlNets() : NamedControlNets();
        _loras =
        [
            .. request.Loras.Select(
                (name, i) => Found($"loras[{i}]", name, () => _finder.Find(ModelRole.Lora, name, _model))
            ),
        ];
        _classifier = _finder.LookFor(ModelRole.Annotator, SceneClassifier.FileName);
        _page = request.Page is { } page ? new EvaluationPage("page", page) : null;
        Notes =
        [
            .. _data?.Note is { } note ? [note] : Array.Empty<string>(),
            .. _classifier is null ? [WithoutClassifier()] : Array.Empty<string>(),
        ];
    }

    /// <summary>What is left out and why, a sentence each; what only shows in the measuring is in the report.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Measures.</summary>
    /// <param name="onPicture">Told after each picture how many of how many are done; by one thread at a time.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>The same request gives the same report.</returns>
    /// <exception cref="CheckpointException">A file of weights cannot be used.</exception>
    /// <exception cref="Pictures.PictureException">A file is no picture.</exception>
    /// <exception cref="RuntimeUnavailableException">libtorch or the device is not there.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public EvaluationReport Run(Action<int, int>? onPicture = null, CancellationToken cancellationToken = default)
    {
        var placement = PlacementPolicy.Load(_options.Device, _options.Dtype);
        using var threads = new ThreadCount(_options.Threads);
        CheckpointLoader.CheckControlNets(_model, _controlNets.Values);
        using var classifier = _classifier is null ? null : SceneClassifier.Load(_classifier);
        using var model = CheckpointLoader.LoadModelWithLoras(
            _model,
            placement,
            autoencoder: null,
            [.. _loras.Select(file => new LoraRequest(file))]
        );
        var controls = new Dictionary<string, ControlNetwork>();
        try
        {
            foreach (var (kind, path) in _controlNets)
            {
                cancellationToken.ThrowIfCancellationRequested();
                controls.Add(kind, CheckpointLoader.LoadControl(path, placement, model));
            }

            var evaluation = new ControlEvaluation(model, controls, Options(model, classifier));
            return Measure(evaluation, model.NativeSize, onPicture, cancellationToken);
        }
        finally
        {
            foreach (var control in controls.Values)
            {
                control.Dispose();
            }
        }
    }

    /// <summary>The report for programs.</summary>
    /// <param name="report">What <see cref="Run"/> gave.</param>
    public EvaluationSummary Summarise(EvaluationReport report) =>
        EvaluationSummary.Of(_request.Model, _data?.Count ?? _request.Pictures, report);

    private EvaluationReport Measure(
        ControlEvaluation evaluation,
        int size,
        Action<int, int>? onPicture,
        CancellationToken cancellationToken
    )
    {
        var seeds = EvaluationScenes.Of(evaluation.Groups, _request.Pictures);
        var total = _data?.Count ?? seeds.Count;
        var report = evaluation.Run(
            _data?.References(size)
                ?? seeds.Select(scene => EvaluationScenes.Reference(scene.Seed, scene.Groups, size)),
            done => onPicture?.Invoke(done, total),
            _page is null ? null : _page.Add,
            cancellationToken
        );
        _page?.Write(_request.Model, report);
        return report;
    }

    private EvaluationOptions Options(DiffusionModel model, SceneClassifier? classifier) =>
        new()
        {
            Sampling = new SamplingOptions { Sampler = _request.Sampler, Steps = _request.Steps },
            GuidanceScale = _request.GuidanceScale,
            WithCombinations = _request.Combinations,
            Annotators = AnnotatorFiles.Below(_options.ModelFolders),
            Classifier = classifier,
            // Pictures from elsewhere are not compared with scenes.
            RealScenes = _data is null ? _request.RealScenes : 0,
            Workers =
                _options.Device == PlacementPolicy.Cpu && NarrowModels.AreFasterSideBySide(model.UNet.Params) ? 2 : 1,
        };

    private Dictionary<string, string> NamedControlNets()
    {
        var family = FamilyOf(_model);
        var files = new Dictionary<string, string>();
        foreach (var (index, control) in _request.Controls.Index())
        {
            var kind = _request.KindOf(index).Name;
            files[kind] = control.Model is { } name
                ? Found($"controls[{index}].model", name, () => _finder.Find(ModelRole.ControlNet, name, _model))
                : Found($"controls[{index}].kind", kind, () => _finder.ControlNetFor(kind, family, _model));
        }

        return files;
    }

    /// <summary>All kinds for which a ControlNet is found.</summary>
    private Dictionary<string, string> AllControlNets()
    {
        var family = FamilyOf(_model);
        var kinds = ConditionMetric.All.Select(metric => metric.Kind).ToList();
        var files = kinds
            .Select(kind => (Kind: kind, Path: _finder.LookForControlNet(kind, family, _model)))
            .Where(control => control.Path is not null)
            .ToDictionary(control => control.Kind, control => control.Path!);
        // Where there is none, the error names the places.
        return files.Count > 0
            ? files
            : Found(
                "controls",
                kinds[0],
                () => new Dictionary<string, string> { [kinds[0]] = _finder.ControlNetFor(kinds[0], family, _model) }
            );
    }

    private string WithoutClassifier() =>
        $"Prompt fidelity and picture quality are left out: {SceneClassifier.FileName} is not in "
        + $"{string.Concat(_options.ModelFolders.Select(folder => folder + " or "))}the folder of the embedded model.";

    private static ModelFamily? FamilyOf(string model)
    {
        using var files = CheckpointFiles.Open(model);
        return CheckpointKind.FamilyOf(files.Shapes);
    }

    private static T Found<T>(string member, string value, Func<T> find)
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
