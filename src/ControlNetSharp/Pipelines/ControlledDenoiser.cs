using ControlNetSharp.Networks;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// UNet, ControlNets and classifier-free guidance behind the samplers' denoiser:
/// CFG( UNet(x, t, c, Σ scaleᵢ·ControlNetᵢ(x, t, c, hintᵢ)) ), the unconditional and the conditional sides in one batch. Of several conditional sides the differences to the unconditional one add,
/// each with its weight. Source: Ho and Salimans 2022, arXiv:2207.12598, equation (6); Liu et al. 2022, arXiv:2206.01714, equation (11); ControlNet cldm.py, apply_model.
/// </summary>
public sealed class ControlledDenoiser
{
    private readonly UNet _unet;
    private readonly PredictionType _prediction;
    private readonly IReadOnlyList<StepConditioning> _conditionings;
    private readonly double _guidanceScale;
    private readonly IReadOnlyList<AttachedControl> _controls;
    private readonly int _steps;
    private int _step;

    /// <summary>Prepares a run. Everything is borrowed and must outlive it.</summary>
    /// <param name="unet">The network.</param>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="conditioning">[1 or B, K, D], in the compute dtype.</param>
    /// <param name="unconditional">[1 or B, K, D] likewise; not used where the guidance scale is 1.</param>
    /// <param name="guidanceScale">1 for the conditional prediction alone; larger follows the prompt more.</param>
    /// <param name="controls">The ControlNets whose residuals are summed; none for a plain UNet.</param>
    /// <param name="steps">Steps of the whole run, by which start and end of a control are measured.</param>
    public ControlledDenoiser(
        UNet unet, PredictionType prediction, Tensor conditioning, Tensor unconditional, double guidanceScale, IReadOnlyList<AttachedControl> controls, int steps)
        : this(unet, prediction, [new(unconditional, [new(conditioning, 1)])], guidanceScale, controls, steps)
    {
    }

    /// <summary>The same with prompts that change from step to step or have several parts.</summary>
    /// <param name="unet">The network.</param>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="conditionings">The prompts of each step, in the compute dtype; those of the last one count for steps beyond.</param>
    /// <param name="guidanceScale">1 for the conditional prediction alone; larger follows the prompt more.</param>
    /// <param name="controls">The ControlNets whose residuals are summed; none for a plain UNet.</param>
    /// <param name="steps">Steps of the whole run, by which start and end of a control are measured.</param>
    public ControlledDenoiser(
        UNet unet, PredictionType prediction, IReadOnlyList<StepConditioning> conditionings, double guidanceScale, IReadOnlyList<AttachedControl> controls, int steps)
    {
        ArgumentNullException.ThrowIfNull(conditionings);
        ArgumentNullException.ThrowIfNull(controls);
        (_unet, _prediction, _conditionings, _guidanceScale, _steps) = (unet, prediction, conditionings, guidanceScale, steps);
        _controls = [.. controls.Where(control => control.Strength.Weight > 0)];
    }

    /// <summary>Moves on to the next step; to be called after each one.</summary>
    public void NextStep() => _step++;

    /// <summary>Clean latents predicted from noisy ones.</summary>
    /// <param name="noisy">[B, 4, h, w], float32.</param>
    /// <param name="level">Their noise level.</param>
    /// <returns>[B, 4, h, w], float32; fresh.</returns>
    public Tensor Denoise(Tensor noisy, NoiseLevel level)
    {
        using var scope = NewDisposeScope();
        var pictures = noisy.shape[0];
        var text = _conditionings[Math.Min(_step, _conditionings.Count - 1)];
        // One prompt that counts fully needs no unconditional side to be measured from.
        var guided = _guidanceScale != 1 || text.Conditional is not [{ Weight: 1 }];
        Tensor[] contexts = [.. guided ? [text.Unconditional] : Array.Empty<Tensor>(), .. text.Conditional.Select(part => part.Context)];
        var input = noisy.to(contexts[0].dtype);
        var sides = cat([.. contexts.Select(_ => input)], 0);
        var context = cat([.. contexts.Select(side => side.expand(pictures, -1, -1))], 0);
        var timesteps = full([sides.shape[0]], level.Timestep, dtype: ScalarType.Float32, device: noisy.device);
        var output = _unet.Forward(sides, timesteps, context, Residuals(sides, timesteps, context, guided ? pictures : 0)).to(ScalarType.Float32);
        if (guided)
        {
            var predicted = output.chunk(contexts.Length, 0);
            output = predicted[0];
            foreach (var (part, prediction) in text.Conditional.Zip(predicted.Skip(1)))
            {
                output = output + _guidanceScale * part.Weight * (prediction - predicted[0]);
            }
        }

        return Predictions.ToDenoised(_prediction, output, noisy, level).MoveToOuterDisposeScope();
    }

    /// <summary>The residuals of all sides; the first <paramref name="unconditional"/> rows are the unconditional side.</summary>
    private List<Tensor>? Residuals(Tensor sides, Tensor timesteps, Tensor context, long unconditional)
    {
        List<Tensor>? sum = null;
        foreach (var control in _controls.Where(control => control.Strength.ActsAt(_step, _steps)))
        {
            var scaled = Scaled(control, sides, timesteps, context, unconditional);
            sum = sum is null ? scaled : [.. sum.Zip(scaled, (a, b) => a + b)];
        }

        return sum;
    }

    private static List<Tensor> Scaled(AttachedControl control, Tensor sides, Tensor timesteps, Tensor context, long unconditional)
    {
        // In the mode "control" the unconditional side gets no residuals, so it is not computed at all.
        var conditionalOnly = unconditional > 0 && control.Strength.Mode == ControlMode.Control;
        Tensor Side(Tensor all) => conditionalOnly ? all.narrow(0, unconditional, all.shape[0] - unconditional) : all;
        var hint = control.EncodedHint;
        var residuals = control.ControlNet.Forward(Side(sides), Side(timesteps), Side(context), hint.shape[0] > 1 ? hint.repeat([Side(sides).shape[0] / hint.shape[0], 1, 1, 1]) : hint);
        var scaled = residuals.Select((residual, index) => residual * control.Strength.ScaleOf(index, residuals.Count));
        return [.. conditionalOnly ? scaled.Select(residual => cat([zeros([unconditional, .. residual.shape[1..]], dtype: residual.dtype, device: residual.device), residual], 0)) : scaled];
    }
}
