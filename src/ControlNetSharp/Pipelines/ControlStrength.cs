namespace ControlNetSharp.Pipelines;

/// <summary>How strongly and when a hint controls the picture. Checked where it is set.</summary>
public sealed record ControlStrength
{
    private const double ModeDecay = 0.825;
    private readonly double _weight = 1;
    private readonly double _start;
    private readonly double _end = 1;
    private readonly IReadOnlyList<double>? _layers;

    /// <summary>Factor on all residuals, 0 (no control) to 2; default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 0 to 2.</exception>
    public double Weight
    {
        get => _weight;
        init => _weight = Within(value, 2, nameof(Weight));
    }

    /// <summary>Share of the steps after which control begins, 0 to 1; default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 0 to 1.</exception>
    public double Start
    {
        get => _start;
        init => _start = Within(value, 1, nameof(Start));
    }

    /// <summary>Share of the steps after which control ends, 0 to 1; default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 0 to 1.</exception>
    public double End
    {
        get => _end;
        init => _end = Within(value, 1, nameof(End));
    }

    /// <summary>Which side wins where prompt and hint disagree; default balanced.</summary>
    public ControlMode Mode { get; init; }

    /// <summary>
    /// Factors of the single residuals, each 0 to 2, in the ControlNet's order (input blocks, then the middle block: 13 for SD 1.x and 2.x), times <see cref="Weight"/>; null (the default) for what the mode gives.
    /// They take the place of the decay of the modes prompt and control.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not a number from 0 to 2.</exception>
    public IReadOnlyList<double>? Layers
    {
        get => _layers;
        init => _layers = value is null ? null : [.. value.Select(weight => Within(weight, 2, nameof(Layers)))];
    }

    /// <summary>Whether control acts at a step: Start ≤ step / steps ≤ End, and not all factors are 0.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public bool ActsAt(int step, int steps) => IsOn && Start <= (double)step / steps && (double)step / steps <= End;

    /// <summary>Whether it can act at all: a factor is above 0.</summary>
    public bool IsOn => Weight > 0 && Layers?.All(weight => weight == 0) != true;

    /// <summary>
    /// The factor of residual <paramref name="index"/> of <paramref name="count"/>: the weight, times that of <see cref="Layers"/> or, in the modes prompt and control, 0.825^(count − 1 − index).
    /// For SDXL, which has ten, the count is 13 all the same. Source: sd-webui-controlnet, soft weights (behaviour).
    /// </summary>
    public double ScaleOf(int index, int count) => Weight * (Layers is { } layers ? layers[index] : Mode == ControlMode.Balanced ? 1 : Math.Pow(ModeDecay, count - 1 - index));

    private static double Within(double value, double most, string name) =>
        value >= 0 && value <= most ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be from 0 to {most}.");
}
