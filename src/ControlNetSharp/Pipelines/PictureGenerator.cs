using System.Diagnostics;
using ControlNetSharp.Checkpoints;
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
    private const float Hole = -1;
    private readonly UNet _unet;
    private readonly Autoencoder _autoencoder;
    private readonly ModelFamily _family;
    private readonly ModelTexts _texts;
    private readonly PredictionType _prediction;
    private readonly int _nativeSize;
    private readonly Placement _placement;
    private readonly NoiseSchedule _schedule = NoiseSchedule.ScaledLinear();
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
        _schedule = NoiseSchedule.Of(model.Noise);
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
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        controls ??= [];
        RequireFitting(request, controls);
        var clock = Stopwatch.StartNew();
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var course = Settled(request, [.. controls.Where(unit => unit.Strength.IsOn)], progress);
        using var use = _uses.Begin(
            _model?.File ?? "of this generator",
            course.Prompt.Networks.Count > 0 ? "LoRAs"
                : request.Tiling ? "seamless tiling"
                : null
        );
        using var seamless = request.Tiling
            ? new SeamlessTiling([_unet, _autoencoder, .. course.Units.Select(unit => unit.ControlNet)])
            : null;
        using var loras = Applied(course.Prompt.Networks);
        using var inversions = _files.Inversions(_texts.Encoders, _family, _placement);
        var latents = Sampled(course, inversions, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var pictures = Decoded(latents);
        cancellationToken.ThrowIfCancellationRequested();
        return new GeneratedBatch(
            course.Canvas is { } canvas ? [.. pictures.Select(canvas.Finish)] : pictures,
            course.Request,
            course.Report.Steps,
            course.Report.SecondsPerStep,
            clock.Elapsed.TotalSeconds
        );
    }

    /// <summary>What a generation goes by, with nothing left open.</summary>
    private sealed record Course(
        GenerationRequest Request,
        PictureSize Size,
        IReadOnlyList<PreparedControl> Units,
        SamplingPlan First,
        SamplingPlan? Second,
        InitialCanvas? Canvas,
        ParsedPrompt Prompt,
        ParsedPrompt Negative,
        StepReport Report
    );

    private Course Settled(
        GenerationRequest request,
        IReadOnlyList<PreparedControl> units,
        Action<SamplingProgress>? progress
    )
    {
        var size =
            request.Size ?? SizeFor(request.Initial?.Picture.Read() ?? (units is [var unit, ..] ? unit.Hint : null));
        var first = SamplingPlan.Create(request.Sampling, _schedule);
        var second = request.Hires?.Sampling(request.Sampling) is { } options
            ? SamplingPlan.Create(options, _schedule)
            : null;
        return new Course(
            request with
            {
                Size = size,
                Seed = request.Seed ?? Seeds.Random(),
            },
            size,
            units,
            first,
            second,
            request.Initial is { } initial ? new InitialCanvas(initial, size.Width, size.Height) : null,
            ParsedPrompt.Parse(request.Prompt),
            ParsedPrompt.ParseNegative(request.NegativePrompt),
            new StepReport(first.Steps.Count + (second?.Steps.Count ?? 0), progress)
        );
    }

    /// <summary>Both passes, to latents of the dispose scope.</summary>
    private Tensor Sampled(Course course, TextualInversions? inversions, CancellationToken cancellationToken)
    {
        var (request, size, canvas) = (course.Request, course.Size, course.Canvas);
        var mask = canvas?.LatentMask?.ToLatents(_autoencoder.Params.Downscale).to(_placement.Device);
        var clean = canvas?.Start(Encoded([canvas.Seen]), Noise(request, size), mask);
        if (request.Hires is not { } hires)
        {
            return Run(course, inversions, course.First, size, ControlPasses.Both, clean, mask, cancellationToken);
        }

        var latents = Run(course, inversions, course.First, size, ControlPasses.Low, clean, mask, cancellationToken);
        var larger = hires.SizeOf(size);
        latents = Enlarged(latents, UpscalerCatalogue.Find(hires.Upscaler), larger);
        return course.Second is null
            ? latents
            : Run(course, inversions, course.Second, larger, ControlPasses.High, latents, null, cancellationToken);
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

    /// <summary>
    /// The LoRAs of a prompt, merged into the model for as long as a generation takes; null without any.
    /// </summary>
    private AppliedLoras? Applied(IReadOnlyList<ExtraNetwork> networks) =>
        networks.Count == 0
            ? null
            : AppliedLoras.Apply(
                _model
                    ?? throw new ArgumentException(
                        "The prompt asks for a LoRA; only a model that was loaded from a file can take one.",
                        nameof(networks)
                    ),
                [
                    .. networks.Select(network => new LoraRequest(
                        _files.FindLora(network.Name),
                        network.TextWeight,
                        network.UNetWeight
                    )),
                ]
            );

    /// <summary>
    /// Refuses what is not for the model before anything is computed: sizes that it is not told, units of other
    /// families; units of weight 0 are none.
    /// </summary>
    private void RequireFitting(GenerationRequest request, IReadOnlyList<PreparedControl> units)
    {
        request.Check();
        RequestRules.Require(
            request.OriginalSize is null || _family.TakesVector,
            "originalSize",
            request.OriginalSize,
            $"is for {ToldOfSizes()}; the model is {_family.FullName}, which is not told of sizes."
        );
        static string ToldOfSizes() =>
            string.Join(
                " and ",
                ModelFamily
                    .All.Where(family => family is { TakesVector: true, UNet: not null })
                    .Select(family => family.Name)
            );
        bool Fits(PreparedControl unit) => unit.ControlNet.Params.Fits(_unet.Params);
        if (
            units.Index().FirstOrDefault(unit => unit.Item.Strength.Weight > 0 && !Fits(unit.Item))
            is not { Item: { } wrong, Index: var index }
        )
        {
            return;
        }

        var fitting = units.Index().Where(unit => Fits(unit.Item)).Select(unit => unit.Index + 1).ToList();
        static string Described(UNetParams p) =>
            $"{ModelFamily.Of(p).FullName} (context {p.ContextChannels}, {p.ModelChannels} channels)";
        throw new ArgumentException(
            $"The ControlNet of unit {index + 1} is for {Described(wrong.ControlNet.Params.UNet)}; the model is "
                + $"{Described(_unet.Params)}. "
                + $"Of the {units.Count} units "
                + $"{(fitting.Count == 0 ? "none fits" : $"those that fit are: {string.Join(", ", fitting)}")}.",
            nameof(units)
        );
    }

    /// <summary>
    /// What an inpainting model is told of the picture: that under the mask all is new, or, without a mask, that
    /// everything is.
    /// </summary>
    private Tensor Concatenated(InitialCanvas? canvas, PictureSize size)
    {
        if (canvas?.LatentMask is not { } mask)
        {
            return InpaintingChannels.OfNothing(_autoencoder, size.Width, size.Height, _placement);
        }

        using var scope = NewDisposeScope();
        var levels = tensor([.. mask.Levels.Select(level => level / 255f)], [1, 1, mask.Height, mask.Width]);
        return InpaintingChannels
            .Of(
                _autoencoder,
                PictureTensors.ToPicture(canvas.Seen).to(_placement.Dtype).to(_placement.Device),
                levels.to(_placement.Device)
            )
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The prompts in the compute dtype and, for SDXL, with their vectors. What is the same at several steps stays one
    /// object.
    /// </summary>
    private IReadOnlyList<StepSides> Sides(IReadOnlyList<StepConditioning> steps, SizeConditioning sizes)
    {
        var known = new Dictionary<TextConditioning, TextSide>(ReferenceEqualityComparer.Instance);
        TextSide Side(TextConditioning text)
        {
            if (!known.TryGetValue(text, out var side))
            {
                var vector = text.Pooled is { } pooled
                    ? sizes.Vector(pooled.to(_placement.Dtype), _unet.Params.VectorChannels!.Value)
                    : null;
                known[text] = side = new TextSide(text.Context.to(_placement.Dtype), vector);
            }

            return side;
        }

        return
        [
            .. steps.Select(step => new StepSides(
                Side(step.Unconditional),
                [.. step.Conditional.Select(part => new WeightedSide(Side(part.Text), part.Weight))]
            )),
        ];
    }

    /// <summary>
    /// One pass from noise, or from clean latents with noise, to latents; under a mask, [1, 1, h, w], only what it
    /// marks changes. Fresh.
    /// </summary>
    private Tensor Run(
        Course course,
        TextualInversions? inversions,
        SamplingPlan plan,
        PictureSize size,
        ControlPasses pass,
        Tensor? clean,
        Tensor? mask,
        CancellationToken cancellationToken
    )
    {
        var denoiser = Denoiser(course, inversions, plan.Steps.Count, size, pass);
        using var scope = NewDisposeScope();
        using var stepNoise = new StepNoise(course.Request.Seed!.Value, course.Request.Batch);
        var start = plan.StartFrom(Noise(course.Request, size), clean);
        course.Report.Begin();
        var latents = plan.Run(
            mask is null
                ? denoiser.Denoise
                : (noisy, level, step) => Kept(denoiser.Denoise(noisy, level, step), clean!, mask),
            start,
            stepNoise.Draw,
            course.Report.Done,
            cancellationToken
        );
        course.Report.End();
        return (mask is null ? latents : Kept(latents, clean!, mask)).MoveToOuterDisposeScope();
    }

    /// <summary>The UNet with everything that acts on it in one pass; what it holds is of the dispose scope.</summary>
    private ControlledDenoiser Denoiser(
        Course course,
        TextualInversions? inversions,
        int steps,
        PictureSize size,
        ControlPasses pass
    )
    {
        var request = course.Request;
        var conditionings = PromptEncoder.Encode(
            _texts,
            course.Prompt,
            course.Negative,
            steps,
            _placement.Device,
            request.ClipSkip,
            inversions,
            pass == ControlPasses.High ? course.First.Steps.Count : null
        );
        var attached = course.Units.Where(unit => unit.ActsIn(pass)).Select(unit => Attach(unit, size, pass)).ToList();
        var told = request.OriginalSize?.For(size) ?? SizeConditioning.Of(size.Width, size.Height);
        return new ControlledDenoiser(
            _unet,
            request.Prediction ?? _prediction,
            Sides(conditionings, told),
            request.GuidanceScale,
            attached,
            steps
        )
        {
            ConcatenatedChannels = _unet.Params.ConcatenatedChannels == 0 ? null : Concatenated(course.Canvas, size),
        };
    }

    private AttachedControl Attach(PreparedControl unit, PictureSize size, ControlPasses pass)
    {
        if (unit.Strength.Layers is { } layers && layers.Count != unit.ControlNet.ResidualCount)
        {
            throw new ArgumentException(
                $"Layers must have {unit.ControlNet.ResidualCount} weights for this ControlNet, one for each of its "
                    + $"residuals; it has {layers.Count}."
            );
        }

        Tensor Fitted(Picture mask) =>
            PictureTensors.ToHint(PictureResizing.Fit(mask, size.Width, size.Height, unit.Resize));
        using var scope = NewDisposeScope();
        var picture = pass == ControlPasses.High ? unit.HiresHint ?? unit.Hint : unit.Hint;
        var hint = PictureTensors.ToHint(PictureResizing.FitHint(picture, size.Width, size.Height, unit.Resize));
        if (unit.Holes is { } holes)
        {
            hint = where(Fitted(holes).mean([1], keepdim: true).IsAbove(0.5), ones_like(hint).Times(Hole), hint);
        }

        return new AttachedControl(
            unit.ControlNet,
            unit.ControlNet.EncodeHint(hint.to(_placement.Dtype).to(_placement.Device)).MoveToOuterDisposeScope(),
            unit.Strength
        )
        {
            Region = unit.Region is { } region
                ? Fitted(region).mean([1], keepdim: true).to(_placement.Device).MoveToOuterDisposeScope()
                : null,
            GlobalAveragePooling = unit.GlobalAveragePooling,
        };
    }

    /// <summary>
    /// Noise of the request's seeds for latents of a size: [B, 4, h, w], float32, on the device; fresh.
    /// </summary>
    private Tensor Noise(GenerationRequest request, PictureSize size)
    {
        using var scope = NewDisposeScope();
        var downscale = _autoencoder.Params.Downscale;
        return Seeds
            .Noise(
                request.Seed!.Value,
                request.Batch,
                _autoencoder.Params.LatentChannels,
                size.Height / downscale,
                size.Width / downscale
            )
            .to(_placement.Device)
            .MoveToOuterDisposeScope();
    }

    /// <summary>New latents under the mask, the clean ones elsewhere; fresh. The new ones are let go.</summary>
    private static Tensor Kept(Tensor latents, Tensor clean, Tensor mask)
    {
        using var scope = NewDisposeScope();
        using var made = latents;
        return (mask * made).Plus(mask.SubtractedFrom(1) * clean).MoveToOuterDisposeScope();
    }

    /// <summary>The mean latents of pictures of one size: [B, 4, h, w], float32, scaled; fresh.</summary>
    private Tensor Encoded(IEnumerable<Picture> pictures)
    {
        using var scope = NewDisposeScope();
        var (mean, _) = _autoencoder.Encode(
            cat([.. pictures.Select(PictureTensors.ToPicture)], 0).to(_placement.Dtype).to(_placement.Device)
        );
        return mean.to(ScalarType.Float32).Times(_autoencoder.Params.ScaleFactor).MoveToOuterDisposeScope();
    }

    private IReadOnlyList<Picture> Decoded(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return PictureTensors.FromTensor(
            _autoencoder.Decode(latents.Over(_autoencoder.Params.ScaleFactor).to(_placement.Dtype))
        );
    }

    /// <summary>Latents of the first pass at the size of the second; fresh.</summary>
    private Tensor Enlarged(Tensor latents, Upscaler upscaler, PictureSize size)
    {
        var downscale = _autoencoder.Params.Downscale;
        return upscaler.Latents is { } mode
            ? nn.functional.interpolate(latents, size: [size.Height / downscale, size.Width / downscale], mode: mode)
            : Encoded(
                Decoded(latents)
                    .Select(picture => PictureResizing.Resize(picture, size.Width, size.Height, upscaler.Pixels!.Value))
            );
    }
}
