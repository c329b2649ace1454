using System.Diagnostics;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Text and control units to pictures: tokens → conditioning, hints → encoded hints, noise → latents step by step, latents → pictures.
/// Works on the calling thread; use one generator from one thread at a time.
/// </summary>
public sealed class PictureGenerator
{
    private const int DefaultSizeStep = 64;
    private readonly UNet _unet;
    private readonly Autoencoder _autoencoder;
    private readonly ITextEncoder _text;
    private readonly PredictionType _prediction;
    private readonly int _nativeSize;
    private readonly Placement _placement;
    private readonly NoiseSchedule _schedule = NoiseSchedule.ScaledLinear();
    private readonly DiffusionModel? _model;
    private readonly PromptFiles _files = PromptFiles.None;

    /// <summary>Makes pictures with a loaded model, which is borrowed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="files">Where the LoRAs and textual inversions lie that prompts name; null for nowhere.</param>
    public PictureGenerator(DiffusionModel model, PromptFiles? files = null)
        : this(
            (model ?? throw new ArgumentNullException(nameof(model))).UNet,
            model.Autoencoder,
            model.Text,
            model.PredictsVelocity == true ? PredictionType.Velocity : PredictionType.Epsilon,
            model.NativeSize,
            model.Placement)
    {
        _schedule = NoiseSchedule.Of(model.Noise);
        (_model, _files) = (model, files ?? PromptFiles.None);
    }

    /// <summary>Puts the parts of a model together. All are borrowed.</summary>
    /// <param name="unet">The denoising network.</param>
    /// <param name="autoencoder">Decodes the latents.</param>
    /// <param name="text">Encodes the prompts.</param>
    /// <param name="prediction">What the UNet predicts.</param>
    /// <param name="nativeSize">Width and height of the pictures that the model was trained with.</param>
    /// <param name="placement">Device and compute dtype; the networks are there.</param>
    public PictureGenerator(UNet unet, Autoencoder autoencoder, ITextEncoder text, PredictionType prediction, int nativeSize, Placement placement)
    {
        (_unet, _autoencoder, _text, _prediction, _nativeSize, _placement) = (unet, autoencoder, text, prediction, nativeSize, placement);
    }

    /// <summary>Makes the pictures of a request.</summary>
    /// <param name="request">What they are to be.</param>
    /// <param name="progress">Told after each step, on the same thread.</param>
    /// <param name="cancellationToken">Looked at before each step, before the latents are decoded and after.</param>
    /// <exception cref="ArgumentException">A sampler, scheduler or number of the request is not known or out of range; the message names it.</exception>
    /// <exception cref="CheckpointException">A file that a prompt names cannot be used with the model.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public GenerationResult Generate(GenerationRequest request, Action<GenerationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var clock = Stopwatch.StartNew();
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var plan = SamplingPlan.Create(request.Sampling, _schedule);
        var downscale = _autoencoder.Params.Downscale;

        var (prompt, negative) = (ParsedPrompt.Parse(request.Prompt), ParsedPrompt.ParseNegative(request.NegativePrompt));
        using var loras = Applied(prompt.Networks);
        using var inversions = _files.Inversions([_text], _placement);
        var conditionings = PromptEncoder.Encode(_text, prompt, negative, plan.Steps.Count, _placement.Device, request.ClipSkip, inversions);
        var units = request.Units.Where(unit => unit.Strength.Weight > 0).ToList();
        var (width, height) = request.Size ?? SizeFor(units.FirstOrDefault()?.Hint);
        var controls = units.Select(unit => Attach(unit, width, height)).ToList();
        var denoiser = new ControlledDenoiser(_unet, _prediction, conditionings, request.GuidanceScale, controls, plan.Steps.Count);

        var noise = Seeds.Noise(request.Seed, request.Batch, _autoencoder.Params.LatentChannels, height / downscale, width / downscale).to(_placement.Device);
        using var stepNoise = new StepNoise(request.Seed, request.Batch);
        var sampling = Stopwatch.StartNew();
        var latents = plan.Run(
            denoiser.Denoise,
            plan.StartFrom(noise),
            stepNoise.Draw,
            step =>
            {
                denoiser.NextStep();
                progress?.Invoke(new GenerationProgress(step.Index + 1, step.Count, sampling.Elapsed.TotalSeconds, step.Denoised));
            },
            cancellationToken);
        var secondsPerStep = sampling.Elapsed.TotalSeconds / plan.Steps.Count;
        cancellationToken.ThrowIfCancellationRequested();
        var decoded = _autoencoder.Decode((latents / _autoencoder.Params.ScaleFactor).to(_placement.Dtype));
        cancellationToken.ThrowIfCancellationRequested();
        var pictures = PictureTensors.FromTensor(decoded);
        return new GenerationResult(pictures, request with { Size = (width, height) }, plan.Steps.Count, secondsPerStep, clock.Elapsed.TotalSeconds);
    }

    /// <summary>The size of a request's pictures where it names none: the model's native area in the aspect ratio of the first hint, in multiples of 64.</summary>
    /// <param name="first">The first hint, or the picture that it is made of; null without units, for the native square.</param>
    public (int Width, int Height) SizeFor(Picture? first)
    {
        var ratio = first is null ? 1 : Math.Sqrt((double)first.Width / first.Height);
        return (Step(_nativeSize * ratio), Step(_nativeSize / ratio));

        static int Step(double size) => Math.Clamp((int)Math.Round(size / DefaultSizeStep) * DefaultSizeStep, GenerationRequest.LeastSize, GenerationRequest.MostSize);
    }

    /// <summary>The LoRAs of a prompt, merged into the model for as long as a generation takes; null without any.</summary>
    private AppliedLoras? Applied(IReadOnlyList<ExtraNetwork> networks) => networks.Count == 0 ? null
        : AppliedLoras.Apply(
            _model ?? throw new ArgumentException("The prompt asks for a LoRA; only a model that was loaded from a file can take one.", nameof(networks)),
            [.. networks.Select(network => new LoraRequest(_files.FindLora(network.Name), network.TextWeight, network.UNetWeight))]);

    private AttachedControl Attach(ControlUnit unit, int width, int height)
    {
        using var hint = PictureTensors.ToHint(PictureResizing.Fit(unit.Hint, width, height, unit.Resize)).to(_placement.Dtype).to(_placement.Device);
        return new AttachedControl(unit.ControlNet, unit.ControlNet.EncodeHint(hint), unit.Strength);
    }
}
