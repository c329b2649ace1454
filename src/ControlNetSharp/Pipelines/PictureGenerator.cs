using System.Diagnostics;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Text and control units to pictures: tokens → conditioning, hints → encoded hints, noise → latents step by step,
/// latents → pictures.
/// Works on the calling thread. Several threads may generate with one model at a time, as long as none of them merges
/// LoRAs or tiles:
/// those change the model for their time, and are refused beside others, as others are beside them.
/// </summary>
public sealed class PictureGenerator
{
    private const int DefaultSizeStep = 64;
    private readonly UNet _unet;
    private readonly Autoencoder _autoencoder;
    private readonly ModelFamily _family;
    private readonly ModelTexts _texts;
    private readonly PredictionType _prediction;
    private readonly int _nativeSize;
    private readonly Placement _placement;
    private readonly NoiseSchedule _schedule = NoiseSchedule.StableDiffusion;
    private readonly DiffusionModel? _model;
    private readonly UseCount _uses = new();
    private readonly PromptFiles _files = PromptFiles.None;

    /// <summary>Makes pictures with a loaded model, which is borrowed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="files">Where the LoRAs and textual inversions lie that prompts name; null for nowhere.</param>
    public PictureGenerator(DiffusionModel model, PromptFiles? files = null)
        : this(
            (model ?? throw new ArgumentNullException(nameof(model))).UNet,
            model.Autoencoder,
            model.Text,
            model.Prediction ?? model.Family.Prediction,
            model.NativeSize,
            model.Placement,
            model.SecondText
        )
    {
        _schedule = model.Noise;
        (_model, _uses, _files) = (model, model.Uses, files ?? PromptFiles.None);
    }

    /// <summary>Puts the parts of a model together. All are borrowed.</summary>
    /// <param name="unet">The denoising network.</param>
    /// <param name="autoencoder">Decodes the latents.</param>
    /// <param name="text">Encodes the prompts.</param>
    /// <param name="prediction">What the UNet predicts.</param>
    /// <param name="nativeSize">Width and height of the pictures that the model was trained with.</param>
    /// <param name="placement">Device and compute dtype; the networks are there.</param>
    /// <param name="secondText">The second text encoder of SDXL; null for families that have one only.</param>
    /// <exception cref="ArgumentException">
    /// The UNet is of a family that needs a second text encoder, and there is none.
    /// </exception>
    public PictureGenerator(
        UNet unet,
        Autoencoder autoencoder,
        ITextEncoder text,
        PredictionType prediction,
        int nativeSize,
        Placement placement,
        ITextEncoder? secondText = null
    )
    {
        ArgumentNullException.ThrowIfNull(unet);
        _family = ModelFamily.Of(unet.Params);
        if (_family.Texts.Count > 1 && secondText is null)
        {
            throw new ArgumentException(
                $"The UNet is of {_family.FullName}, which needs a second text encoder.",
                nameof(secondText)
            );
        }

        (_unet, _autoencoder, _texts, _prediction, _nativeSize, _placement) = (
            unet,
            autoencoder,
            new ModelTexts(
                secondText is null ? [text] : [text, secondText],
                _family.TakesVector,
                _family.ZerosForEmptyNegative
            ),
            prediction,
            nativeSize,
            placement
        );
    }

    /// <summary>Makes a batch of pictures.</summary>
    /// <param name="request">
    /// What they are to be. Its model, units and count are not looked at: networks and hints are given here.
    /// </param>
    /// <param name="controls">Its units, ready.</param>
    /// <param name="progress">Told after each step, on the same thread.</param>
    /// <param name="cancellationToken">Looked at before each step, before the latents are decoded and after.</param>
    /// <exception cref="RequestException">The request asks for what is not allowed.</exception>
    /// <exception cref="ArgumentException">
    /// The ControlNet of a unit is for another family, or has another number of layers.
    /// </exception>
    /// <exception cref="CheckpointException">A file that a prompt names cannot be used with the model.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another generation uses the model right now, and one of the two changes it (LoRAs, tiling).
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public GeneratedBatch Generate(
        GenerationRequest request,
        IReadOnlyList<PreparedControl>? controls = null,
        Action<SamplingProgress>? progress = null,
        CancellationToken cancellationToken = default
    ) => Generate(request, controls ?? [], Enlargement.None, progress, cancellationToken);

    /// <summary>The same with what enlarges pictures.</summary>
    internal GeneratedBatch Generate(
        GenerationRequest request,
        IReadOnlyList<PreparedControl> controls,
        Enlargement enlargement,
        Action<SamplingProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireFitting(request, controls, enlargement);
        var clock = Stopwatch.StartNew();
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var course = Settle(request, [.. controls.Where(unit => unit.Strength.IsOn)], progress);
        var toMerge = ToMerge(course.Prompt);
        using var use = _uses.Begin(
            _model?.File ?? "of this generator",
            toMerge.Count > 0 ? "LoRAs"
                : request.Tiling ? "seamless tiling"
                : null
        );
        using var seamless = request.Tiling
            ? new SeamlessTiling([_unet, _autoencoder, .. course.Units.Select(unit => unit.ControlNet)])
            : null;
        using var loras = toMerge.Count == 0 ? null : AppliedLoras.Apply(_model!, toMerge);
        using var inversions = _files.Inversions(_texts.Encoders, _family, _placement);
        var latentPictures = new LatentPictures(_autoencoder, _placement);
        var passes = new GenerationPasses(
            course,
            _unet,
            _texts,
            inversions,
            _prediction,
            latentPictures,
            _placement,
            enlargement
        );
        IReadOnlyList<Picture> pictures;
        if (course is { Request.Upscale: not null, Canvas: { } start })
        {
            // It is enlarged as it is.
            pictures = [.. Enumerable.Repeat(start.Seen, request.Batch)];
        }
        else
        {
            var latents = passes.Run(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            pictures = latentPictures.Decode(latents);
        }

        if (request.Upscale is not null)
        {
            var tiles = new TiledPass(course, passes, _unet, _prediction, latentPictures, _placement, enlargement);
            pictures = tiles.Run(pictures, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new GeneratedBatch(
            course.Canvas is { } canvas ? [.. pictures.Select(canvas.Finish)] : pictures,
            course.Request,
            course.Report.Steps,
            course.Report.SecondsPerStep,
            clock.Elapsed.TotalSeconds
        );
    }

    private GenerationCourse Settle(
        GenerationRequest request,
        IReadOnlyList<PreparedControl> units,
        Action<SamplingProgress>? progress
    )
    {
        var size = SizeFor(request, units.FirstOrDefault(unit => unit.Reference is null)?.Hint);
        SamplingPlan? Plan(SamplingOptions? options) =>
            options is null ? null : SamplingPlan.Create(options, _schedule);
        var first = SamplingPlan.Create(request.Sampling, _schedule);
        var second = Plan(request.Hires?.Sampling(request.Sampling));
        var tiles = Plan(request.Upscale?.Sampling(request.Sampling));
        var isFirstRun = request.Upscale is null || request.Initial is null;
        var steps =
            (isFirstRun ? first.Steps.Count : 0)
            + (second?.Steps.Count ?? 0)
            + request.Batch * (tiles?.Steps.Count ?? 0);
        return new GenerationCourse(
            request with
            {
                Size = size,
                Seed = request.Seed ?? Seeds.Random(),
                GuidanceScale = GuidanceFor(request),
            },
            size,
            units,
            first,
            second,
            request.Initial is { } initial ? new InitialCanvas(initial, size.Width, size.Height) : null,
            ParsedPrompt.Parse(request.Prompt),
            ParsedPrompt.ParseNegative(request.NegativePrompt),
            Prepared(request, size),
            new StepReport(steps, progress),
            tiles,
            tiles is null ? 0 : TileSide(request.Upscale!)
        );
    }

    /// <summary>The regions of a request, with their masks where the generation looks at.</summary>
    private static List<PreparedRegion> Prepared(GenerationRequest request, PictureSize size)
    {
        var frame = GenerationFrame.Of(request with { Size = size });
        return
        [
            .. request.Regions.Select(region => new PreparedRegion(
                ParsedPrompt.Parse(region.Prompt),
                ParsedPrompt.ParseNegative(region.NegativePrompt ?? request.NegativePrompt),
                frame.Seen(region.Mask.ReadMask(), ResizeMode.Crop),
                region.Weight
            )),
        ];
    }

    /// <summary>
    /// The size of a request's pictures before they are enlarged: its own, or what its pictures give. An initial
    /// picture that is only enlarged keeps its size.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="first">
    /// The first hint, or the picture that it is made of; null without any, for the mask of the first region.
    /// </param>
    /// <exception cref="RequestException">The initial picture is too small or too large to keep its size.</exception>
    internal PictureSize SizeFor(GenerationRequest request, Picture? first)
    {
        var initial = request.Initial?.Picture.Read();
        if (request.Size is not null || request.Upscale is null || initial is null)
        {
            var mask = request.Regions is [var region, ..] ? region.Mask : null;
            return request.Size ?? SizeFor(initial ?? first ?? mask?.ReadMask());
        }

        var own = UpscalePass.SizeOf(initial);
        RequestRules.Require(
            own.IsAllowed,
            "initial.picture",
            request.Initial!.Picture.Name,
            $"has {initial.Width} x {initial.Height} pixels; each side must have {PictureSize.Least} to "
                + $"{PictureSize.Most}, or size says what the picture is brought to first."
        );
        (request with { Size = own }).Check();
        return own;
    }

    /// <summary>The side of the tiles.</summary>
    /// <exception cref="RequestException">They overlap by more than half of it.</exception>
    private int TileSide(UpscalePass upscale)
    {
        var side = upscale.Tile ?? _nativeSize;
        RequestRules.Require(
            2 * upscale.Overlap <= side,
            "upscale.overlap",
            upscale.Overlap,
            $"must be at most half of a tile, which has the model's native size, {side}."
        );
        return side;
    }

    /// <summary>
    /// The size of a request's pictures where it names none: the model's native area in the aspect ratio of the initial
    /// picture or the first hint, in multiples of 64.
    /// </summary>
    /// <param name="first">
    /// The initial picture, else the first hint or the picture that it is made of; null without any, for the native
    /// square.
    /// </param>
    public PictureSize SizeFor(Picture? first)
    {
        var ratio = first is null ? 1 : Math.Sqrt((double)first.Width / first.Height);
        return (Step(_nativeSize * ratio), Step(_nativeSize / ratio));

        static int Step(double size) =>
            Math.Clamp((int)Math.Round(size / DefaultSizeStep) * DefaultSizeStep, PictureSize.Least, PictureSize.Most);
    }

    /// <summary>The LoRAs of a prompt that are not in the model yet.</summary>
    /// <exception cref="ArgumentException">
    /// One is not found, there is no model that could take one, or the model computes in 8 bits and has others.
    /// </exception>
    private IReadOnlyList<LoraRequest> ToMerge(ParsedPrompt prompt)
    {
        if (prompt.Networks.Count > 0 && _model is null)
        {
            throw new ArgumentException(
                "The prompt asks for a LoRA; only a model that was loaded from a file can take one.",
                nameof(prompt)
            );
        }

        var loras = _files.LorasOf(prompt);
        return _model is not { Placement.Int8: true } ? loras
            : _model.Merged.SequenceEqual(loras) ? []
            : throw new ArgumentException(
                "The prompt asks for other LoRAs than those that were merged into the model when it was loaded; "
                    + "weights in 8 bits cannot be added to.",
                nameof(prompt)
            );
    }

    /// <summary>The guidance scale of a request: its own, or the model's.</summary>
    internal double GuidanceFor(GenerationRequest request) =>
        request.GuidanceScale ?? _model?.GuidanceScale ?? DiffusionModel.UsualGuidanceScale;

    /// <summary>Whether a generation makes latents of pictures.</summary>
    private bool Encodes(GenerationRequest request, IReadOnlyList<PreparedControl> units) =>
        request.Initial is not null
        || request.Upscale is not null
        || (request.Hires is { } hires && UpscalerCatalogue.LookFor(hires.Upscaler) is not { Latents: not null })
        || _unet.Params.ConcatenatedChannels > 0
        || units.Any(unit => unit.Strength.IsOn && unit.EncodesPicture);

    /// <summary>
    /// Refuses what is not for the model before anything is computed: sizes that it is not told, units of other
    /// families; units of weight 0 are none.
    /// </summary>
    private void RequireFitting(
        GenerationRequest request,
        IReadOnlyList<PreparedControl> units,
        Enlargement enlargement
    )
    {
        request.Check();
        if (request.Upscale is { Control: { } kind } && enlargement.Control?.Network.Fits(_unet.Params) != true)
        {
            throw new ArgumentException(
                enlargement.Control is { } control
                    ? $"The ControlNet of the tiles is for {ControlPurpose.Of(control.Network)}; the model is "
                        + $"{ControlPurpose.Of(_unet.Params)}."
                    : $"The tiles are to be controlled by {kind}, and a {nameof(PictureGenerator)} loads no "
                        + "ControlNet; ControlNetEngine does.",
                nameof(request)
            );
        }

        RequestRules.Require(
            request.OriginalSize is null || _family.TakesVector,
            "originalSize",
            request.OriginalSize,
            $"is for {ToldOfSizes()}; the model is {_family.FullName}, which is not told of sizes."
        );
        RequestRules.Require(
            _autoencoder.Params.HasEncoder || !Encodes(request, units),
            "vae",
            request.Vae,
            "is TAESD's decoder alone, and this request has pictures to encode (to start from, to enlarge, to refer "
                + "to, or an inpainting model's); the encoder must lie beside it, under its name with encoder in it."
        );
        static string ToldOfSizes() =>
            string.Join(
                " and ",
                ModelFamily
                    .All.Where(family => family is { TakesVector: true, UNet: not null })
                    .Select(family => family.Name)
            );
        bool Fits(PreparedControl unit) => unit.ControlNet.Fits(_unet.Params);
        if (
            units.Index().FirstOrDefault(unit => unit.Item.Strength.Weight.IsOn && !Fits(unit.Item))
            is not { Item: { } wrong, Index: var index }
        )
        {
            return;
        }

        var fitting = units.Index().Where(unit => Fits(unit.Item)).Select(unit => unit.Index + 1).ToList();
        throw new ArgumentException(
            $"The ControlNet of unit {index + 1} is for {ControlPurpose.Of(wrong.ControlNet)}; the model is "
                + $"{ControlPurpose.Of(_unet.Params)}. "
                + $"Of the {units.Count} units "
                + $"{(fitting.Count == 0 ? "none fits" : $"those that fit are: {string.Join(", ", fitting)}")}.",
            nameof(units)
        );
    }
}
