using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// UNet, ControlNets and classifier-free guidance behind the samplers' denoiser:
/// CFG( UNet(x, t, c, Σ scaleᵢ·ControlNetᵢ(x, t, c, hintᵢ)) ), the unconditional and the conditional sides in one
/// batch. Of several conditional sides the differences to the unconditional one add,
/// each with its weight. Source: Ho and Salimans 2022, arXiv:2207.12598, equation (6); Liu et al. 2022,
/// arXiv:2206.01714, equation (11); ControlNet cldm.py, apply_model.
/// </summary>
internal sealed class ControlledDenoiser
{
    private readonly UNet _unet;
    private readonly PredictionType _prediction;
    private readonly IReadOnlyList<StepSides> _texts;
    private readonly double _guidanceScale;
    private readonly IReadOnlyList<IControl> _controls;
    private readonly int _steps;

    /// <summary>
    /// Prepares a run whose prompts are the same at every step. Everything is borrowed and must outlive it.
    /// </summary>
    /// <param name="unet">The network.</param>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="conditioning">[1 or B, K, D], in the compute dtype.</param>
    /// <param name="unconditional">[1 or B, K, D] likewise; not used where the guidance scale is 1.</param>
    /// <param name="guidanceScale">1 for the conditional prediction alone; larger follows the prompt more.</param>
    /// <param name="controls">What controls the UNet; what they add is summed.</param>
    /// <param name="steps">Steps of the whole run, by which start and end of a control are measured.</param>
    public ControlledDenoiser(
        UNet unet,
        PredictionType prediction,
        Tensor conditioning,
        Tensor unconditional,
        double guidanceScale,
        IReadOnlyList<IControl> controls,
        int steps
    )
        : this(unet, prediction, [new(new(unconditional), [new(new(conditioning))])], guidanceScale, controls, steps)
    { }

    /// <summary>
    /// The same with prompts that change from step to step, have several parts, or come with vectors.
    /// </summary>
    /// <param name="unet">The network.</param>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="texts">
    /// The prompts of each step, at least one; those of the last one count for steps beyond.
    /// </param>
    /// <param name="guidanceScale">1 for the conditional prediction alone; larger follows the prompt more.</param>
    /// <param name="controls">What controls the UNet; what they add is summed.</param>
    /// <param name="steps">Steps of the whole run, by which start and end of a control are measured.</param>
    public ControlledDenoiser(
        UNet unet,
        PredictionType prediction,
        IReadOnlyList<StepSides> texts,
        double guidanceScale,
        IReadOnlyList<IControl> controls,
        int steps
    )
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(controls);
        (_unet, _prediction, _texts, _guidanceScale, _controls, _steps) = (
            unet,
            prediction,
            texts,
            guidanceScale,
            controls,
            steps
        );
    }

    /// <summary>
    /// What an inpainting UNet takes behind the noisy latents, the same at each step: [1 or B, 5, h, w], mask and
    /// latents of the masked picture, in the compute dtype (<see cref="InpaintingChannels"/>).
    /// ControlNets do not see it. Borrowed; null (the default) for other UNets.
    /// </summary>
    public Tensor? ConcatenatedChannels { get; init; }

    /// <summary>Clean latents predicted from noisy ones.</summary>
    /// <param name="noisy">[B, 4, h, w], float32.</param>
    /// <param name="level">Their noise level.</param>
    /// <param name="step">The step of the run, from 0: which prompts count, and which controls act.</param>
    /// <returns>[B, 4, h, w], float32; fresh.</returns>
    /// <exception cref="ArgumentException">
    /// The UNet needs vectors or concatenated channels that are not there, or does not take them.
    /// </exception>
    public Tensor Denoise(Tensor noisy, NoiseLevel level, int step)
    {
        using var scope = NewDisposeScope();
        var pictures = noisy.shape[0];
        var text = _texts[Math.Min(step, _texts.Count - 1)];
        // One part that counts fully needs no unconditional side to be measured from.
        var guided = _guidanceScale != 1 || text.Conditional is not [{ Weight: 1 }];
        TextSide[] sides =
        [
            .. guided ? [text.Unconditional] : Array.Empty<TextSide>(),
            .. text.Conditional.Select(part => part.Side),
        ];
        var input = ForEach(sides, noisy.to(sides[0].Context.dtype));
        var call = new UNetCall(
            input,
            ones([input.shape[0]], dtype: ScalarType.Float32, device: noisy.device).Times(level.Timestep),
            cat([.. sides.Select(side => side.Context.expand(pictures, -1, -1))], 0),
            sides[0].Vector is null ? null : cat([.. sides.Select(side => side.Vector!.expand(pictures, -1))], 0),
            Unconditional: guided ? pictures : 0,
            level,
            step,
            (double)step / _steps
        );
        var additions = Additions(call, step);
        var extended = ConcatenatedChannels is null
            ? input
            : cat([input, ForEach(sides, ConcatenatedChannels.expand(pictures, -1, -1, -1))], 1);
        var output = _unet
            .Controlled(extended, call.Timesteps, call.Context, additions, call.Vector)
            .to(ScalarType.Float32);
        var corrections = _controls.OfType<ICorrection>().Where(control => control.ActsAt(step, _steps)).ToList();
        if (corrections.Count == 0)
        {
            return Predictions
                .ToDenoised(_prediction, guided ? Guided(output, text.Conditional) : output, noisy, level)
                .MoveToOuterDisposeScope();
        }

        // Guidance is the same for predictions and for the clean latents that they mean.
        var clean = Predictions.ToDenoised(_prediction, output, ForEach(sides, noisy), level);
        clean = corrections.Aggregate(clean, (latents, control) => control.Corrected(latents, call));
        return (guided ? Guided(clean, text.Conditional) : clean.alias()).MoveToOuterDisposeScope();
    }

    private static Tensor ForEach(TextSide[] sides, Tensor pictures) =>
        sides.Length == 1 ? pictures : cat([.. sides.Select(_ => pictures)], 0);

    private Tensor Guided(Tensor predicted, IReadOnlyList<WeightedSide> parts)
    {
        var sides = predicted.chunk(parts.Count + 1, 0);
        return parts
            .Zip(sides.Skip(1))
            .Aggregate(
                sides[0],
                (sum, part) => sum.Plus((part.Second - sides[0]).Times(_guidanceScale * part.First.Weight))
            );
    }

    private UNetAdditions Additions(UNetCall call, int step) =>
        _controls
            .Where(control => control.ActsAt(step, _steps))
            .Aggregate(UNetAdditions.None, (sum, control) => sum.Plus(control.Additions(call)));
}
