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
/// each with its weight; of several areas each makes its share of each place. Source: Ho and Salimans 2022,
/// arXiv:2207.12598, equation (6); Liu et al. 2022, arXiv:2206.01714, equation (11); Bar-Tal et al. 2023,
/// arXiv:2302.08113, equation (5); ControlNet cldm.py, apply_model.
/// </summary>
internal sealed class ControlledDenoiser
{
    private readonly UNet _unet;
    private readonly PredictionType _prediction;
    private readonly IReadOnlyList<PromptArea> _areas;
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
        : this(
            unet,
            prediction,
            [new PromptArea([new(new(unconditional), [new(new(conditioning))])])],
            guidanceScale,
            controls,
            steps
        ) { }

    /// <summary>
    /// The same with prompts that change from step to step, have several parts, come with vectors, or are for areas.
    /// </summary>
    /// <param name="unet">The network.</param>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="areas">What the networks are told of the picture, or of each part of it.</param>
    /// <param name="guidanceScale">1 for the conditional prediction alone; larger follows the prompt more.</param>
    /// <param name="controls">What controls the UNet; what they add is summed.</param>
    /// <param name="steps">Steps of the whole run, by which start and end of a control are measured.</param>
    public ControlledDenoiser(
        UNet unet,
        PredictionType prediction,
        IReadOnlyList<PromptArea> areas,
        double guidanceScale,
        IReadOnlyList<IControl> controls,
        int steps
    )
    {
        ArgumentNullException.ThrowIfNull(areas);
        ArgumentNullException.ThrowIfNull(controls);
        (_unet, _prediction, _areas, _guidanceScale, _controls, _steps) = (
            unet,
            prediction,
            areas,
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

    /// <summary>
    /// What steps take over from earlier ones; null (the default) where each computes all. Borrowed.
    /// </summary>
    public StepCache? Cache { get; init; }

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
        var sides = CalledSides.Of([.. _areas.Select(area => area.At(step))], _guidanceScale);
        var input = sides.ForEach(noisy.to(sides.All[0].Context.dtype));
        var call = new UNetCall(
            input,
            ones([input.shape[0]], dtype: ScalarType.Float32, device: noisy.device).Times(level.Timestep),
            cat([.. sides.All.Select(side => side.Context.expand(pictures, -1, -1))], 0),
            sides.All[0].Vector is null
                ? null
                : cat([.. sides.All.Select(side => side.Vector!.expand(pictures, -1))], 0),
            Unconditional: pictures * sides.Unconditional,
            level,
            step,
            (double)step / _steps
        );
        var extended = ConcatenatedChannels is null
            ? input
            : cat([input, sides.ForEach(ConcatenatedChannels.expand(pictures, -1, -1, -1))], 1);
        var output = Predicted(extended, call, sides).to(ScalarType.Float32);
        var corrections = _controls.OfType<ICorrection>().Where(control => control.ActsAt(step, _steps)).ToList();
        if (corrections.Count == 0)
        {
            return Predictions
                .ToDenoised(_prediction, Joined(output, sides, step), noisy, level)
                .MoveToOuterDisposeScope();
        }

        // Guidance is the same for predictions and for the clean latents that they mean.
        var clean = Predictions.ToDenoised(_prediction, output, sides.ForEach(noisy), level);
        clean = corrections.Aggregate(clean, (latents, control) => control.Corrected(latents, call));
        return Joined(clean, sides, step).alias().MoveToOuterDisposeScope();
    }

    /// <summary>What is predicted for the sides, guided in each area, by the shares of the areas.</summary>
    private Tensor Joined(Tensor predicted, CalledSides sides, int step)
    {
        var ofSides = predicted.chunk(sides.All.Count, 0);
        Tensor InArea(PromptArea area)
        {
            var guided = sides.Guided(area.At(step), ofSides, _guidanceScale);
            return area.Share is null ? guided : guided * area.Share;
        }

        return _areas.Select(InArea).Aggregate((sum, area) => sum.Plus(area));
    }

    /// <summary>What the UNet says under control, computed whole or from the deep feature of an earlier step.</summary>
    private Tensor Predicted(Tensor latents, UNetCall call, CalledSides sides)
    {
        IReadOnlyList<IControl> acting = [.. _controls.Where(control => control.ActsAt(call.Step, _steps))];
        if (Cache?.At(call.Step, sides, acting) is { } kept)
        {
            // Networks that add residuals do not run; what acts inside of blocks does.
            var others = Additions(acting.Where(control => control is not ResidualControl), call);
            return _unet.FromDeep(
                latents,
                call.Timesteps,
                call.Context,
                others with
                {
                    Residuals = kept.Residuals,
                },
                kept.Deep,
                call.Vector
            );
        }

        var additions = Additions(acting, call);
        return _unet.Controlled(
            latents,
            call.Timesteps,
            call.Context,
            additions,
            call.Vector,
            Cache is { } cache ? deep => cache.Keep(sides, acting, deep, additions) : null
        );
    }

    private static UNetAdditions Additions(IEnumerable<IControl> acting, UNetCall call) =>
        acting.Aggregate(UNetAdditions.None, (sum, control) => sum.Plus(control.Additions(call)));
}
