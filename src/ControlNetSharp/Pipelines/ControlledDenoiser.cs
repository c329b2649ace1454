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
    /// <summary>SDXL's ten residuals take the first ten of SD 1.x's thirteen scales.</summary>
    private const int ScalesOfSdxl = 13;

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

    /// <summary>The vectors beside the text for the conditional and the unconditional side, [1 or B, VectorChannels] each, in the compute dtype: for SDXL. Borrowed; null (the default) for networks that take none.</summary>
    public (Tensor Conditioning, Tensor Unconditional)? Vectors { get; init; }

    /// <summary>
    /// What an inpainting UNet takes behind the noisy latents, the same at each step: [1 or B, 5, h, w], mask and latents of the masked picture, in the compute dtype (<see cref="InpaintingChannels"/>).
    /// ControlNets do not see it. Borrowed; null (the default) for other UNets.
    /// </summary>
    public Tensor? ConcatenatedChannels { get; init; }

    /// <summary>Moves on to the next step; to be called after each one.</summary>
    public void NextStep() => _step++;

    /// <summary>Clean latents predicted from noisy ones.</summary>
    /// <param name="noisy">[B, 4, h, w], float32.</param>
    /// <param name="level">Their noise level.</param>
    /// <returns>[B, 4, h, w], float32; fresh.</returns>
    /// <exception cref="ArgumentException">The UNet needs vectors or concatenated channels that are not there, or does not take them.</exception>
    public Tensor Denoise(Tensor noisy, NoiseLevel level)
    {
        using var scope = NewDisposeScope();
        var pictures = noisy.shape[0];
        var input = noisy.to(_contexts[0].dtype);
        var sides = _guided ? cat([input, input], 0) : input;
        var text = new SidesOfText(
            cat([.. _contexts.Select(side => side.expand(pictures, -1, -1))], 0),
            Vectors is { } vectors ? cat([.. (_guided ? new[] { vectors.Unconditional, vectors.Conditioning } : [vectors.Conditioning]).Select(side => side.expand(pictures, -1))], 0) : null);
        var timesteps = ones([sides.shape[0]], dtype: ScalarType.Float32, device: noisy.device).Times(level.Timestep);
        var residuals = Residuals(sides, timesteps, text, pictures);
        var output = _unet.Forward(WithConcatenatedChannels(sides, pictures), timesteps, text.Context, residuals, text.Vector).to(ScalarType.Float32);
        if (_guided)
        {
            var halves = output.chunk(2, 0);
            output = halves[0].Plus((halves[1] - halves[0]).Times(_guidanceScale));
        }

        return Predictions.ToDenoised(_prediction, output, noisy, level).MoveToOuterDisposeScope();
    }

    private Tensor WithConcatenatedChannels(Tensor sides, long pictures)
    {
        if (ConcatenatedChannels is null)
        {
            return sides;
        }

        var further = ConcatenatedChannels.expand(pictures, -1, -1, -1);
        return cat([sides, _guided ? cat([further, further], 0) : further], 1);
    }

    private List<Tensor>? Residuals(Tensor sides, Tensor timesteps, SidesOfText text, long pictures)
    {
        List<Tensor>? sum = null;
        foreach (var control in _controls.Where(control => control.Strength.ActsAt(_step, _steps)))
        {
            var scaled = Scaled(control, sides, timesteps, text, pictures);
            sum = sum is null ? scaled : [.. sum.Zip(scaled, (a, b) => a.Plus(b))];
        }

        return sum;
    }

    private List<Tensor> Scaled(AttachedControl control, Tensor sides, Tensor timesteps, SidesOfText text, long pictures)
    {
        // Where the unconditional side gets no residuals, they are not computed at all.
        var conditionalOnly = _guided && control.IsConditionalOnly;
        Tensor Side(Tensor both) => conditionalOnly ? both.narrow(0, pictures, pictures) : both;
        var hint = control.EncodedHint;
        var residuals = control.ControlNet.Forward(
            Side(sides), Side(timesteps), Side(text.Context), hint.shape[0] > 1 && _guided && !conditionalOnly ? cat([hint, hint], 0) : hint, text.Vector is { } vector ? Side(vector) : null);
        var count = text.Vector is null ? residuals.Count : Math.Max(residuals.Count, ScalesOfSdxl);
        var scaled = residuals.Select((residual, index) => control.Weighted(residual, index, count));
        return [.. conditionalOnly ? scaled.Select(residual => cat([zeros_like(residual), residual], 0)) : scaled];
    }

    /// <summary>The prompts of all sides and pictures.</summary>
    private sealed record SidesOfText(Tensor Context, Tensor? Vector);
}
