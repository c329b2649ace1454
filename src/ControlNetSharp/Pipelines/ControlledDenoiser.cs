using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// UNet, ControlNets and classifier-free guidance behind the samplers' denoiser:
/// CFG( UNet(x, t, c, Σ scaleᵢ·ControlNetᵢ(x, t, c, hintᵢ)) ), the unconditional and the conditional side in one batch.
/// Source: Ho and Salimans 2022, arXiv:2207.12598, equation (6); ControlNet cldm.py, apply_model.
/// </summary>
public sealed class ControlledDenoiser
{
    private readonly UNet _unet;
    private readonly PredictionType _prediction;
    private readonly IReadOnlyList<Tensor> _contexts;
    private readonly double _guidanceScale;
    private readonly IReadOnlyList<AttachedControl> _controls;
    private readonly int _steps;
    private readonly bool _guided;
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
    {
        ArgumentNullException.ThrowIfNull(controls);
        (_unet, _prediction, _guidanceScale, _steps) = (unet, prediction, guidanceScale, steps);
        _guided = guidanceScale != 1;
        _contexts = _guided ? [unconditional, conditioning] : [conditioning];
        _controls = [.. controls.Where(control => control.Strength.IsOn)];
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
        var input = noisy.to(_contexts[0].dtype);
        var sides = _guided ? cat([input, input], 0) : input;
        var context = cat([.. _contexts.Select(side => side.expand(pictures, -1, -1))], 0);
        var timesteps = ones([sides.shape[0]], dtype: ScalarType.Float32, device: noisy.device).Times(level.Timestep);
        var output = _unet.Forward(sides, timesteps, context, Residuals(sides, timesteps, context, pictures)).to(ScalarType.Float32);
        if (_guided)
        {
            var halves = output.chunk(2, 0);
            output = halves[0].Plus((halves[1] - halves[0]).Times(_guidanceScale));
        }

        return Predictions.ToDenoised(_prediction, output, noisy, level).MoveToOuterDisposeScope();
    }

    private List<Tensor>? Residuals(Tensor sides, Tensor timesteps, Tensor context, long pictures)
    {
        List<Tensor>? sum = null;
        foreach (var control in _controls.Where(control => control.Strength.ActsAt(_step, _steps)))
        {
            var scaled = Scaled(control, sides, timesteps, context, pictures);
            sum = sum is null ? scaled : [.. sum.Zip(scaled, (a, b) => a.Plus(b))];
        }

        return sum;
    }

    private List<Tensor> Scaled(AttachedControl control, Tensor sides, Tensor timesteps, Tensor context, long pictures)
    {
        // Where the unconditional side gets no residuals, they are not computed at all.
        var conditionalOnly = _guided && control.IsConditionalOnly;
        Tensor Side(Tensor both) => conditionalOnly ? both.narrow(0, pictures, pictures) : both;
        var hint = control.EncodedHint;
        var residuals = control.ControlNet.Forward(Side(sides), Side(timesteps), Side(context), hint.shape[0] > 1 && _guided && !conditionalOnly ? cat([hint, hint], 0) : hint);
        var scaled = residuals.Select((residual, index) => control.Weighted(residual, index, residuals.Count));
        return [.. conditionalOnly ? scaled.Select(residual => cat([zeros_like(residual), residual], 0)) : scaled];
    }
}
