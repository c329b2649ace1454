using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>How strongly and when a hint controls the picture; ranges are those of <see cref="ControlUnit"/>.</summary>
public sealed record ControlStrength
{
    private const double ModeDecay = 0.825;

    /// <summary>Factor on all residuals, 0 (no control) to 2; default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Share of the steps after which control begins, 0 to 1; default 0.</summary>
    public double Start { get; init; }

    /// <summary>Share of the steps after which control ends, 0 to 1; default 1.</summary>
    public double End { get; init; } = 1;

    /// <summary>Which side wins where prompt and hint disagree; default balanced.</summary>
    public ControlMode Mode { get; init; }

    /// <summary>
    /// Factors of the single residuals, times <see cref="Weight"/>; null (the default) for what the mode gives. They
    /// take the place
    /// of the decay of the modes prompt and control.
    /// </summary>
    public IReadOnlyList<double>? Layers { get; init; }

    /// <summary>That of a unit.</summary>
    public static ControlStrength Of(ControlUnit unit) =>
        new()
        {
            Weight = unit.Weight,
            Start = unit.Start,
            End = unit.End,
            Mode = unit.Mode,
            Layers = unit.Layers,
        };

    /// <summary>Whether control acts at a step: Start ≤ step / steps ≤ End, and not all factors are 0.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public bool ActsAt(int step, int steps) => IsOn && Start <= (double)step / steps && (double)step / steps <= End;

    /// <summary>Whether two are the same in all numbers.</summary>
    internal bool IsLike(ControlStrength other) =>
        this with { Layers = null } == other with { Layers = null } && (Layers ?? []).SequenceEqual(other.Layers ?? []);

    /// <summary>Whether it can act at all: a factor is above 0.</summary>
    public bool IsOn => Weight > 0 && Layers?.All(weight => weight == 0) != true;

    /// <summary>
    /// The factor of residual <paramref name="index"/> of <paramref name="count"/>: the weight, times that of
    /// <see cref="Layers"/> or, in the modes prompt and control, 0.825^(count − 1 − index).
    /// For SDXL, which has ten, the count is 13 all the same. Source: sd-webui-controlnet, soft weights (behaviour).
    /// </summary>
    public double ScaleOf(int index, int count) => ScaleOf(index, Math.Pow(ModeDecay, count - 1 - index));

    /// <summary>The same where the modes prompt and control have a factor of their own.</summary>
    internal double ScaleOf(int index, double soft) =>
        Weight
        * (
            Layers is { } layers ? layers[index]
            : Mode == ControlMode.Balanced ? 1
            : soft
        );
}
