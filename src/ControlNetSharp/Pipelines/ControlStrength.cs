using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>How strongly and when a hint controls the picture; ranges are those of <see cref="ControlUnit"/>.</summary>
public sealed record ControlStrength
{
    /// <summary>The softness of the modes prompt and control.</summary>
    private const double ModeSoftness = 0.825;

    /// <summary>Factor on all residuals, 0 (no control) to 2, or a curve over the steps; default 1.</summary>
    public ControlWeight Weight { get; init; } = 1;

    /// <summary>Share of the steps after which control begins, 0 to 1; default 0.</summary>
    public double Start { get; init; }

    /// <summary>Share of the steps after which control ends, 0 to 1; default 1.</summary>
    public double End { get; init; } = 1;

    /// <summary>Which side wins where prompt and hint disagree; default balanced.</summary>
    public ControlMode Mode { get; init; }

    /// <summary>
    /// Factors of the single residuals, times <see cref="Weight"/>; null (the default) for what softness or mode give,
    /// whose place they take.
    /// </summary>
    public IReadOnlyList<double>? Layers { get; init; }

    /// <inheritdoc cref="ControlUnit.Softness"/>
    public double? Softness { get; init; }

    /// <inheritdoc cref="ControlUnit.UnconditionalFactor"/>
    public double? UnconditionalFactor { get; init; }

    /// <summary>That of a unit.</summary>
    public static ControlStrength Of(ControlUnit unit) =>
        new()
        {
            Weight = unit.Weight,
            Start = unit.Start,
            End = unit.End,
            Mode = unit.Mode,
            Layers = unit.Layers,
            Softness = unit.Softness,
            UnconditionalFactor = unit.UnconditionalFactor,
        };

    /// <summary>
    /// Whether control acts at a step: Start ≤ step / steps ≤ End, the weight there is above 0, and not all factors of
    /// residuals are 0.
    /// </summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public bool ActsAt(int step, int steps) =>
        IsOn && (double)step / steps is var position && Start <= position && position <= End && Weight.At(position) > 0;

    /// <summary>The same with the softness of the modes prompt and control.</summary>
    internal ControlStrength Softened() =>
        Mode == ControlMode.Balanced ? this with { Mode = ControlMode.Prompt } : this;

    /// <summary>Whether two are the same in all numbers.</summary>
    internal bool IsLike(ControlStrength other) =>
        this with { Layers = null } == other with { Layers = null } && (Layers ?? []).SequenceEqual(other.Layers ?? []);

    /// <summary>Whether it can act at all: a factor is above 0.</summary>
    public bool IsOn => Weight.IsOn && Layers?.All(weight => weight == 0) != true;

    /// <summary>
    /// The factor of residual <paramref name="index"/> of <paramref name="count"/>: the weight, times that of
    /// <see cref="Layers"/> or softness^(count − 1 − index), where the softness is <see cref="Softness"/> or, in the
    /// modes prompt and control, 0.825.
    /// For SDXL, which has ten, the count is 13 all the same. Source: sd-webui-controlnet, soft weights (behaviour).
    /// </summary>
    /// <param name="index">From 0, the shallowest first.</param>
    /// <param name="count">How many there are, or are counted.</param>
    /// <param name="position">Share of the steps that are done, 0 to 1.</param>
    public double ScaleOf(int index, int count, double position = 0) => Weight.At(position) * FactorOf(index, count);

    /// <summary>The same beside the weight.</summary>
    internal double FactorOf(int index, int count) => FactorOf(index, count, Math.Pow(ModeSoftness, count - 1 - index));

    /// <summary>The same where the modes prompt and control have a factor of their own.</summary>
    internal double FactorOf(int index, int count, double ofMode) =>
        Layers is { } layers ? layers[index]
        : Softness is { } softness ? Math.Pow(softness, count - 1 - index)
        : Mode == ControlMode.Balanced ? 1
        : ofMode;
}
