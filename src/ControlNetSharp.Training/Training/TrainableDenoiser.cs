using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// A UNet with or without a ControlNet, some of whose weights are trained: which ones, under which names, and how both
/// predict together.
/// </summary>
public sealed class TrainableDenoiser
{
    /// <summary>Puts the networks together. Both are borrowed.</summary>
    /// <param name="unet">
    /// The UNet; what is trained of it is float32. Where that is a LoRA, it has one (<see cref="TrainableCopy"/>).
    /// </param>
    /// <param name="controlNet">
    /// The ControlNet, float32, or the Control-LoRA (<see cref="TrainableCopy"/>); null when the UNet or a LoRA is the
    /// target.
    /// </param>
    /// <param name="target">What is trained.</param>
    /// <param name="compute">The type that is computed in.</param>
    /// <exception cref="ArgumentException">
    /// There is a ControlNet without need for one, or none where one is trained, or the UNet is of a family that cannot
    /// be trained, or has no LoRA where one is trained.
    /// </exception>
    public TrainableDenoiser(UNet unet, ControlNet? controlNet, TrainingTarget target, ScalarType compute)
    {
        ArgumentNullException.ThrowIfNull(unet);
        if (WhyNot(unet.Params) is { } reason)
        {
            throw new ArgumentException(reason, nameof(unet));
        }

        var parts = TargetParts.Of(target);
        if (controlNet is null == parts.HasControl)
        {
            throw new ArgumentException(
                $"The target {target} is trained {(controlNet is null ? "with" : "without")} a ControlNet.",
                nameof(controlNet)
            );
        }

        (UNet, ControlNet, Target, Compute, Device) = (
            unet,
            controlNet,
            target,
            compute,
            unet.parameters().First().device
        );
        Parameters =
        [
            .. Named(controlNet is null ? [] : LowRankLayers.Trained(controlNet), LdmLayout.Control),
            .. Named(unet.named_parameters().Where(p => parts.Trains(p.name)), LdmLayout.UNet),
            .. Named(parts is { IsLowRank: true, HasControl: false } ? Changes(unet) : [], LdmLayout.UNet),
        ];
        if (Parameters.Count == 0)
        {
            throw new ArgumentException(
                $"The target {target} is trained as changes of low rank, which the UNet does not have.",
                nameof(unet)
            );
        }
    }

    /// <summary>
    /// Muon for the matrices inside the networks: not for first and last layers, zero convolutions and narrow matrices.
    /// </summary>
    public static MuonOptions ForMuon { get; } =
        MuonOptions.Inside(
            "input_blocks.0.0.",
            "diffusion_model.out.",
            "input_hint_block.0.",
            "input_hint_block.14.",
            "zero_convs.",
            "middle_block_out."
        );

    /// <summary>The denoising network.</summary>
    public UNet UNet { get; }

    /// <summary>The control network; null when the UNet or a LoRA is the target.</summary>
    public ControlNet? ControlNet { get; }

    /// <summary>What is trained.</summary>
    public TrainingTarget Target { get; }

    /// <summary>The type that is computed in.</summary>
    public ScalarType Compute { get; }

    /// <summary>Where it is computed: the device of the UNet.</summary>
    public Device Device { get; }

    /// <summary>What is trained, under its names in a checkpoint in LDM layout.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> Parameters { get; }

    /// <summary>
    /// Whether the inside of each block is computed again in the backward pass: <see cref="UNet.Checkpointing"/>.
    /// </summary>
    public bool Checkpointing
    {
        get => UNet.Checkpointing;
        set
        {
            UNet.Checkpointing = value;
            if (ControlNet is not null)
            {
                ControlNet.Checkpointing = value;
            }
        }
    }

    /// <summary>
    /// Why a model cannot be trained, a sentence; null where it can be. Examples have no masks.
    /// </summary>
    public static string? WhyNot(UNetParams p)
    {
        ArgumentNullException.ThrowIfNull(p);
        return p.ConcatenatedChannels == 0
            ? null
            : $"Models of {ModelFamily.Of(p).FullName} can be run, but not trained here; those of "
                + $"{ModelFamily.Of(p).Name} that take no mask can be.";
    }

    /// <summary>Predicts noise or velocity.</summary>
    /// <param name="noisy">[B, 4, h, w], noisy latents.</param>
    /// <param name="timesteps">[B].</param>
    /// <param name="context">[B, 77, ContextChannels].</param>
    /// <param name="hint">[B, 3, 8h, 8w], 0..1; not looked at without a ControlNet.</param>
    /// <param name="vector">[B, VectorChannels] beside the text; null for a UNet that takes none.</param>
    /// <returns>[B, 4, h, w] in <see cref="Compute"/>.</returns>
    public Tensor Predict(Tensor noisy, Tensor timesteps, Tensor context, Tensor? hint, Tensor? vector = null) =>
        Predict(noisy, timesteps, context, hint, vector, control: null);

    /// <summary>The same for a batch of examples.</summary>
    /// <param name="noisy">[B, 4, h, w], their latents with noise.</param>
    /// <param name="timesteps">[B].</param>
    /// <param name="examples">The batch.</param>
    /// <param name="text">Its texts, or those that take their place.</param>
    /// <param name="control">What controls it where no ControlNet is trained; null for nothing.</param>
    /// <returns>[B, 4, h, w] in <see cref="Compute"/>.</returns>
    internal Tensor Predict(
        Tensor noisy,
        Tensor timesteps,
        ExampleBatch examples,
        ExampleText text,
        LockedControl? control = null
    )
    {
        using var scope = NewDisposeScope();
        return Predict(noisy, timesteps, text.Context, examples.Hints, examples.Vector(text, UNet.Params), control)
            .MoveToOuterDisposeScope();
    }

    private Tensor Predict(
        Tensor noisy,
        Tensor timesteps,
        Tensor context,
        Tensor? hint,
        Tensor? vector,
        LockedControl? control
    )
    {
        using var scope = NewDisposeScope();
        var (x, c, v) = (noisy.to(Compute), context.to(Compute), vector?.to(Compute));
        var residuals = ControlNet is null
            ? control?.Residuals(x, timesteps, c, v)
            : ControlNet.Forward(
                x,
                timesteps,
                c,
                ControlNet.EncodeHint((hint ?? throw new ArgumentNullException(nameof(hint))).to(Compute)),
                v
            );
        return UNet.Forward(x, timesteps, c, residuals, v).MoveToOuterDisposeScope();
    }

    private static IEnumerable<(string Name, Parameter Parameter)> Changes(UNet unet)
    {
        foreach (var (name, change) in LowRankLayers.Changes(unet))
        {
            yield return ($"{name}.{LowRankChange.DownName}", change.Down);
            yield return ($"{name}.{LowRankChange.UpName}", change.Up);
        }
    }

    private static IEnumerable<(string Name, Parameter Parameter)> Named(
        IEnumerable<(string Name, Parameter Parameter)> parameters,
        string prefix
    ) => parameters.Select(p => (prefix + p.Name, p.Parameter));
}
