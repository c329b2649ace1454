using System.Globalization;

namespace ControlNetSharp.Diffusion;

/// <summary>
/// The noise that a model was trained with: betas whose square roots are evenly spaced. Stable Diffusion's unless a
/// configuration says otherwise.
/// </summary>
public sealed record NoiseSettings
{
    /// <summary>What configurations call spacing from the noisy end.</summary>
    internal const string Trailing = "trailing";

    private const string OnlySchedule = "scaled_linear";

    /// <summary>What configurations call the ways to space steps.</summary>
    internal static readonly string[] Spacings = ["leading", "linspace", Trailing];

    /// <summary>The first beta; 0.00085.</summary>
    public double Start { get; init; } = 0.00085;

    /// <summary>The last beta; 0.012.</summary>
    public double End { get; init; } = 0.012;

    /// <summary>Timesteps; 1000.</summary>
    public int Count { get; init; } = 1000;

    /// <summary>Whether the schedule is rescaled so that the last timestep is nothing but noise.</summary>
    public bool ZeroTerminalSnr { get; init; }

    /// <summary>
    /// Whether steps are to be spaced from the noisy end where no scheduler is named: for models that were distilled
    /// so, and with <see cref="ZeroTerminalSnr"/>.
    /// </summary>
    public bool TrailingSpacing { get; init; }

    /// <summary>Those of Stable Diffusion.</summary>
    public static NoiseSettings StableDiffusion { get; } = new();

    /// <summary>Why it cannot be run; null where it can.</summary>
    /// <param name="schedule">The schedule's name in a configuration; null for the usual one.</param>
    internal string? Problem(string? schedule = null) =>
        schedule is not (null or OnlySchedule) ? $"its beta_schedule is '{schedule}'; {OnlySchedule} can be run."
        : Start > 0 && Start <= End && End < 1 && Count > 1 ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"its betas go from {Start} to {End} in {Count} timesteps; they must satisfy 0 < beta_start <= beta_end < "
                + $"1, with at least 2 timesteps."
        );
}
