using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;

namespace ControlNetSharp.Engine;

/// <summary>
/// The way of one request: names → files, pictures → inputs (both before anything is loaded); then, on the thread of
/// the device,
/// networks → hints → batches of pictures with their manifests.
/// </summary>
internal sealed class GenerationRun
{
    private readonly GenerationRequest _request;
    private readonly EngineParts _engine;
    private readonly Replay? _replay;
    private readonly RequestInputs _inputs;
    private readonly RequestFiles _files;
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>
    /// Checks a request, reads its pictures and finds its files. Whatever is wrong with it is found here.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="engine">What all requests share.</param>
    /// <param name="replay">The picture that is made again; null for a new one.</param>
    /// <param name="cancellationToken">Ends the search for files.</param>
    public GenerationRun(
        GenerationRequest request,
        EngineParts engine,
        Replay? replay,
        CancellationToken cancellationToken
    )
    {
        request.Check();
        (_engine, _replay) = (engine, replay);
        _request = request with { Seed = request.Seed ?? Seeds.Random() };
        _inputs = replay?.Inputs(_request) ?? RequestInputs.Read(_request);
        _files =
            replay?.Find(engine.Finder, _request, cancellationToken)
            ?? RequestFiles.Find(_request, engine.Finder, cancellationToken);
        var annotators = Enumerable
            .Range(0, _request.Row ?? 1)
            .SelectMany(row => InputsAt(row).Units)
            .Where(unit => !unit.Source.IsHint)
            .Select(unit => unit.Source.Annotator)
            .OfType<AnnotatorInfo>();
        foreach (var annotator in annotators.Distinct())
        {
            engine.AnnotatorFiles.FindAll(annotator);
        }
    }

    /// <summary>Makes the pictures; to be called on the thread of the device.</summary>
    /// <param name="onPicture">Gets each one with its manifest as soon as it is there.</param>
    /// <param name="feedback">Where warnings and progress go.</param>
    /// <param name="cancellationToken">Looked at between parts and steps.</param>
    public GenerationSummary Make(
        Action<GeneratedPicture> onPicture,
        RunFeedback feedback,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var placement = _engine.Place(_replay);
        using var threads = new ThreadCount(_replay?.Manifest.Resolved.Threads ?? _engine.Options.Threads);
        // Weights in 8 bits cannot be added to.
        var merged = placement.Int8 ? _files.Prompt.LorasOf(ParsedPrompt.Parse(_request.Prompt)) : [];
        using var networks = new LeasedNetworks(
            _engine.Shelf,
            _files,
            placement,
            merged,
            changesModel: _request.Tiling || (_files.Prompt.Loras.Count > 0 && !placement.Int8),
            cancellationToken
        );
        var generator = new PictureGenerator(networks.Model, _files.Prompt);
        var size = generator.SizeFor(_request, FirstHint);
        var request = _request with { Size = size, GuidanceScale = generator.GuidanceFor(_request) };
        request.Check();
        var frame = GenerationFrame.Of(request);
        request = request with { Initial = frame.Fitted(request.Initial) };
        var pools = _files.ControlNets.Select((path, i) => Pools(request.Units[i], path)).ToList();
        var enlargement = EnlargementOf(networks, cancellationToken);
        var steps = feedback.For(networks.Model, request.Batches, _engine.PreviewDecoders);
        var (rows, told, first) = (new List<GenerationSummary>(), new HashSet<RequestWarning>(), new List<UnitHints>());
        foreach (var (row, inputs) in RowsOf(request))
        {
            var hints = Hints(inputs, first, frame, cancellationToken);
            first = rows.Count == 0 ? hints : first;
            rows.Add(MakeRow(row, inputs, hints));
        }

        return rows[0] with
        {
            Warnings = [.. rows.SelectMany(row => row.Warnings)],
            SecondsPerStep = rows.Average(row => row.SecondsPerStep),
            TotalSeconds = _clock.Elapsed.TotalSeconds,
        };

        // The batches that have the same hints.
        GenerationSummary MakeRow(GenerationRequest row, RequestInputs inputs, List<UnitHints> hints)
        {
            using var references = new UnitReferences(
                row,
                _files,
                hints,
                networks,
                _engine.Encodings,
                placement,
                cancellationToken
            );
            var controls = Controls(row, hints, pools, networks, references);
            var (device, hashes) = (_engine.Options.Device, _engine.Finder.Hashes);
            var manifests = new ManifestMaker(row, _files, networks.Model, hints, pools, device, hashes);
            var warnings = Warnings(networks.Model, inputs, frame, hints)
                .Concat(manifests.Warnings)
                .Where(told.Add)
                .ToList();
            warnings.ForEach(feedback.Warn);
            IReadOnlyList<Picture> maps = [.. hints.Select(hint => hint.Map)];
            feedback.Hints?.Invoke(maps);
            if (frame.Larger is not null)
            {
                feedback.HiresHints?.Invoke([.. hints.Select(hint => hint.HiresHint)]);
            }

            GeneratedBatch Make(GenerationRequest batch, Action<SamplingProgress>? told) =>
                generator.Generate(batch, controls, enlargement, told, cancellationToken);
            var summary = Batches(Make, row, manifests, onPicture, batch => steps.Of(rows.Count + batch));
            return summary with { Hints = rows.Count == 0 ? maps : [], Warnings = warnings };
        }
    }

    /// <summary>
    /// The request once for each picture of its units' rows, with what they then are made of; as it is where there is
    /// no row.
    /// </summary>
    private IEnumerable<(GenerationRequest Request, RequestInputs Inputs)> RowsOf(GenerationRequest request) =>
        request.Row is not { } length
            ? [(request, _inputs)]
            : Enumerable
                .Range(0, length)
                .Select(InputsAt)
                .Select(
                    (inputs, row) =>
                        (
                            request with
                            {
                                Count = 1,
                                Seed = request.Seed + row,
                                Units = [.. inputs.Units.Select(input => input.Unit with { Frames = null })],
                            },
                            inputs
                        )
                );

    private RequestInputs InputsAt(int row) => row == 0 ? _inputs : _inputs.At(_request, row);

    /// <summary>The units that act, ready.</summary>
    private List<PreparedControl> Controls(
        GenerationRequest request,
        List<UnitHints> hints,
        List<bool> pools,
        LeasedNetworks networks,
        UnitReferences references
    ) =>
        [
            .. request
                .Units.Index()
                .Where(unit => _files.ControlNets[unit.Index] is not null || ActsWithoutNetwork(unit.Item))
                .Select(unit =>
                    hints[unit.Index].Prepared(unit.Item, ControlNetOf(unit.Index, networks), pools[unit.Index]) with
                    {
                        Reference = references[unit.Index],
                    }
                ),
        ];

    private static bool ActsWithoutNetwork(ControlUnit unit) => unit is { IsOn: true, TakesNetwork: false };

    /// <summary>The network of a unit; how many layers it has is known only now.</summary>
    private ControlNetwork ControlNetOf(int index, LeasedNetworks networks)
    {
        var unit = _request.Units[index];
        if (ActsWithoutNetwork(unit))
        {
            return new Reference(ReferenceModules.Of(unit.Annotator, unit.Options));
        }

        var network = networks.ControlNetOf(_files.ControlNets[index]!);
        var (layers, transfer, model) = (unit.Layers, unit.Transfer, networks.Model.UNet.Params);
        RequestRules.Require(
            TransferLayers.Of(transfer, model) is not null,
            $"units[{index}].transfer",
            RequestValues.WordOf(transfer),
            TransferLayers.Allowed
        );
        RequestRules.Require(
            layers is null || layers.Count == network.LayersIn(model),
            $"units[{index}].layers",
            layers is null ? null : string.Join(':', layers.Select(weight => RequestRules.Text(weight))),
            $"must have {network.LayersIn(model)} weights for this ControlNet, one for each of its layers."
        );
        return network;
    }

    /// <summary>
    /// LoRAs are merged into the weights, and seamless convolutions set up, for the time of a generation.
    /// </summary>
    /// <summary>
    /// A unit of weight 0 is none, so its shape does not count; nor does that of pictures that are looked at whole.
    /// </summary>
    private Picture? FirstHint =>
        _inputs.Units.FirstOrDefault(unit => unit.Unit is { IsOn: true, IsForIpAdapter: false })?.Source.Picture;

    private GenerationSummary Batches(
        Func<GenerationRequest, Action<SamplingProgress>?, GeneratedBatch> make,
        GenerationRequest request,
        ManifestMaker manifests,
        Action<GeneratedPicture> onPicture,
        Func<int, Action<SamplingProgress>?> feedback
    )
    {
        // Of a batch only its numbers are kept: the pixels of a thousand pictures would fill the memory.
        var (secondsPerStep, steps) = (new List<double>(), 0);
        for (var batch = 0; batch < request.Count; batch++)
        {
            var made = make(request with { Seed = request.Seed + (long)batch * request.Batch }, feedback(batch));
            secondsPerStep.Add(made.SecondsPerStep);
            steps = made.Steps;
            foreach (
                var picture in manifests
                    .Of(made)
                    .Where(picture =>
                        _replay is null || picture.Manifest.Resolved.BatchIndex == _replay.Manifest.Resolved.BatchIndex
                    )
            )
            {
                onPicture(picture);
            }
        }

        return new GenerationSummary
        {
            Seed = request.Seed!.Value,
            Hints = [],
            Warnings = [],
            Steps = steps,
            SecondsPerStep = secondsPerStep.Average(),
            TotalSeconds = _clock.Elapsed.TotalSeconds,
        };
    }

    /// <summary>What enlarges pictures, and what controls their tiles.</summary>
    private Enlargement EnlargementOf(LeasedNetworks networks, CancellationToken cancellationToken) =>
        new()
        {
            Upscaler = networks.Upscaler is { } upscaler ? new PictureUpscaler(upscaler) : null,
            Control = _files.TileControl is { } path
                ? new TileControl(
                    networks.ControlNetOf(path),
                    _files.TileKind!,
                    ResidualPoolingFile.Asks(path),
                    tile => TileHint(tile, cancellationToken)
                )
                : null,
        };

    /// <summary>The hint of a tile; of kinds that are pictures as they are, the tile.</summary>
    private Picture TileHint(Picture tile, CancellationToken cancellationToken)
    {
        var kind = ConditionKind.Find(_files.TileKind!);
        var annotator = kind.IsPicture ? null : AnnotatorCatalogue.DefaultOf(kind);
        var source = new HintInput(kind, tile, annotator, annotator is null, Reading: null);
        var options = new Dictionary<string, double>();
        var hint = _engine.HintMaker.Make(source, options, cancellationToken: cancellationToken);
        return PictureResizing.FitHint(hint.Picture, tile.Width, tile.Height, ResizeMode.Just);
    }

    /// <summary>The hints of the units; where a unit has none of its own in a row, its first one.</summary>
    private List<UnitHints> Hints(
        RequestInputs inputs,
        List<UnitHints> first,
        GenerationFrame frame,
        CancellationToken cancellationToken
    )
    {
        return [.. inputs.Units.Select((unit, i) => _replay?.HintsOf(i) ?? Shared(i) ?? Made(unit, i))];

        UnitHints? Shared(int i) => first.Count == 0 || _request.Units[i].Row is not null ? null : first[i];
        UnitHints Made(UnitInput unit, int i) =>
            unit.Unit.IsForIpAdapter
                ? UnitHints.OfPictures(unit, frame, SideSeenBy(_files.Encoders[i]))
                : UnitHints.Make(unit, frame, _engine.HintMaker, cancellationToken);
    }

    /// <summary>Pixels of a side of what an image encoder sees; of none, for a unit that never acts, CLIP's.</summary>
    private static int SideSeenBy(string? encoder) =>
        encoder is null ? ClipVisionParams.UsualSide : ImageEncoderFile.Read(encoder).PictureSide;

    /// <summary>A family can have models of both kinds whose files look the same.</summary>
    internal static RequestWarning? PredictionWarning(
        GenerationRequest request,
        ModelFamily family,
        PredictionType? said,
        string file
    ) =>
        request.Prediction is not null || said is not null || !family.PredictsEither
            ? null
            : new RequestWarning(
                "prediction",
                null,
                $"{file} does not say what its UNet predicts; epsilon is taken. If the picture is only noise or "
                    + $"colours, v is what it needs (the 768 models of {family.Name} do)."
            );

    private IEnumerable<RequestWarning> Warnings(
        DiffusionModel model,
        RequestInputs inputs,
        GenerationFrame frame,
        List<UnitHints> hints
    )
    {
        if (_replay?.Warning is { } replayed)
        {
            yield return new RequestWarning("", null, replayed);
        }

        if (PredictionWarning(_request, model.Family, model.Prediction, model.File) is { } unknown)
        {
            yield return unknown;
        }

        var (width, height) = frame.Whole is { } whole
            ? (whole.Width, whole.Height)
            : (frame.Size.Width, frame.Size.Height);
        foreach (var warning in WarningsOfRegions(width, height))
        {
            yield return warning;
        }

        foreach (var (unit, hint) in inputs.Units.Zip(hints).Where((_, index) => _replay?.HintsOf(index) is null))
        {
            foreach (var warning in unit.WarningsOfMasks(width, height))
            {
                yield return warning;
            }

            foreach (var text in HintMaker.Warnings(unit.Source, hint.Hint))
            {
                yield return new RequestWarning(
                    unit.PictureMember,
                    $"{unit.Source.Kind.Name}={unit.Unit.Picture.Name}",
                    text
                );
            }
        }

        var asked = _request with { GuidanceScale = _request.GuidanceScale ?? model.GuidanceScale };
        foreach (var warning in LoraWarnings.Of(asked, _files.Prompt, model.Noise))
        {
            yield return warning;
        }

        foreach (var (name, file) in _files.Prompt.Embeddings)
        {
            yield return new RequestWarning("", null, $"\"{name}\" in the prompts is the embedding {file}.");
        }
    }

    /// <summary>Masks of regions in another shape are cut as a picture to start from would be.</summary>
    private IEnumerable<RequestWarning> WarningsOfRegions(int width, int height) =>
        from region in _request.Regions.Index()
        let mask = region.Item.Mask.ReadMask()
        where !PictureShape.IsSame((mask.Width, mask.Height), (width, height))
        select new RequestWarning(
            $"regions[{region.Index}].mask",
            $"mask={region.Item.Mask.Name}",
            $"it has {mask.Width} x {mask.Height} pixels, another shape than the result ({width} x {height}), to "
                + "which it is cut."
        );

    private static bool Pools(ControlUnit unit, string? controlNet) =>
        unit.Pooling switch
        {
            ResidualPooling.Average => true,
            ResidualPooling.None => false,
            _ => controlNet is not null && ResidualPoolingFile.Asks(controlNet),
        };
}
