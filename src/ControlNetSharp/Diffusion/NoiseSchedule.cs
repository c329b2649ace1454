using System.Globalization;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Diffusion;

/// <summary>
/// The noise that a model was trained with: how much each training timestep has. Its betas (the variance that each
/// timestep adds) have square roots that are evenly spaced; Stable Diffusion's unless a configuration says otherwise.
/// Two schedules are equal where their settings are.
/// </summary>
public sealed record NoiseSchedule
{
    /// <summary>What configurations call spacing from the noisy end.</summary>
    internal const string Trailing = "trailing";

    /// <summary>What configurations call the ways to space steps.</summary>
    internal static readonly string[] Spacings = ["leading", "linspace", Trailing];

    private const string OnlyKind = "scaled_linear";

    // Made when the first level is asked for: a model file can be described without libtorch.
    private readonly Lazy<NoiseTable> _table;

    /// <summary>The schedule of Stable Diffusion; initialisers make it another.</summary>
    public NoiseSchedule() => _table = new(MakeTable);

    private NoiseSchedule(NoiseSchedule other) => (Settings, _table) = (other.Settings, new(MakeTable));

    /// <summary>The first beta, above 0; 0.00085.</summary>
    public double Start { get; init; } = 0.00085;

    /// <summary>The last beta, from <see cref="Start"/> to below 1; 0.012.</summary>
    public double End { get; init; } = 0.012;

    /// <summary>Training timesteps, at least 2; 1000.</summary>
    public int Count { get; init; } = 1000;

    /// <summary>
    /// Whether the last timestep is turned into pure noise and the others are shifted to fit. Source: Lin et al. 2024,
    /// arXiv:2305.08891, algorithm 1; float32 as in diffusers' rescale_zero_terminal_snr.
    /// </summary>
    public bool ZeroTerminalSnr { get; init; }

    /// <summary>
    /// Whether steps are to be spaced from the noisy end where no scheduler is named: for models that were distilled
    /// so, and with <see cref="ZeroTerminalSnr"/>.
    /// </summary>
    public bool TrailingSpacing { get; init; }

    /// <summary>That of Stable Diffusion.</summary>
    public static NoiseSchedule StableDiffusion { get; } = new();

    /// <summary>
    /// Whether it is computed in float32 throughout, as diffusers' schedulers do (58eb52c), which differs in the
    /// seventh digit. Otherwise in float64 and rounded to float32 once. Source: LDM
    /// ldm/modules/diffusionmodules/util.py, make_beta_schedule "linear".
    /// </summary>
    internal bool InFloat32 { get; init; }

    /// <summary>Variance of the noise that each timestep adds, by timestep.</summary>
    internal IReadOnlyList<double> Betas => _table.Value.Betas;

    /// <summary>
    /// Product of (1 - beta) up to and with each timestep: the square of <see cref="NoiseLevel.Alpha"/>. Falls from
    /// almost 1 to almost 0.
    /// </summary>
    internal IReadOnlyList<double> AlphasCumprod => _table.Value.AlphasCumprod;

    /// <summary><see cref="NoiseLevel.RelativeSigma"/> of the first timestep: 0.0292 for Stable Diffusion.</summary>
    internal double SmallestSigma => _table.Value.Sigmas[0];

    /// <summary>
    /// <see cref="NoiseLevel.RelativeSigma"/> of the last timestep: 14.61 for Stable Diffusion. Finite (4096) for
    /// zero-terminal SNR too.
    /// </summary>
    internal double LargestSigma => _table.Value.Sigmas[^1];

    /// <summary>Whether steps are to be spaced from the noisy end where no scheduler is named.</summary>
    internal bool PrefersTrailing => TrailingSpacing || ZeroTerminalSnr;

    private (double Start, double End, int Count, bool ZeroTerminalSnr, bool Trailing, bool InFloat32) Settings
    {
        get => (Start, End, Count, ZeroTerminalSnr, TrailingSpacing, InFloat32);
        init => (Start, End, Count, ZeroTerminalSnr, TrailingSpacing, InFloat32) = value;
    }

    /// <summary>Whether the settings are the same.</summary>
    public bool Equals(NoiseSchedule? other) => other is not null && Settings == other.Settings;

    /// <inheritdoc/>
    public override int GetHashCode() => Settings.GetHashCode();

    /// <summary>Why it cannot be run; null where it can.</summary>
    /// <param name="kind">The schedule's name in a configuration; null for the usual one.</param>
    internal string? Problem(string? kind = null) =>
        kind is not (null or OnlyKind) ? $"its beta_schedule is '{kind}'; {OnlyKind} can be run."
        : Start > 0 && Start <= End && End < 1 && Count > 1 ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"its betas go from {Start} to {End} in {Count} timesteps; they must satisfy 0 < beta_start <= beta_end < "
                + $"1, with at least 2 timesteps."
        );

    /// <summary>The level of a timestep.</summary>
    /// <param name="timestep">
    /// 0 to <see cref="Count"/> - 1. Between two timesteps the sigma is interpolated linearly, as diffusers does.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The timestep is outside the schedule.</exception>
    internal NoiseLevel LevelAt(double timestep)
    {
        if (!(timestep >= 0 && timestep <= Count - 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(timestep),
                timestep,
                $"The timestep must be from 0 to {Count - 1}."
            );
        }

        var index = (int)timestep;
        var fraction = timestep - index;
        var (table, sigmas) = (_table.Value, _table.Value.Sigmas);
        return fraction == 0
            ? new(table.AlphaAt(index), table.SigmaAt(index), timestep)
            : Level(sigmas[index] + fraction * (sigmas[index + 1] - sigmas[index]), timestep);
    }

    /// <summary>
    /// The level of a sigma; its timestep is interpolated in the logarithm of sigma and stays inside the schedule.
    /// Source: k-diffusion external.py, sigma_to_t.
    /// </summary>
    /// <param name="sigma">In the sense of <see cref="NoiseLevel.RelativeSigma"/>, above 0, finite.</param>
    internal NoiseLevel LevelOfSigma(double sigma)
    {
        if (!(sigma > 0 && double.IsFinite(sigma)))
        {
            throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "The sigma must be above 0 and finite.");
        }

        var sigmas = _table.Value.Sigmas;
        var above = Array.FindIndex(sigmas, s => s > sigma);
        var low = Math.Clamp((above < 0 ? Count : above) - 1, 0, Count - 2);
        var fraction = Math.Log(sigma / sigmas[low]) / Math.Log(sigmas[low + 1] / sigmas[low]);
        return Level(sigma, low + Math.Clamp(fraction, 0, 1));
    }

    /// <summary>
    /// Noisy latents for training: each picture of the batch at its own timestep. Fresh, owned by the caller.
    /// </summary>
    /// <param name="clean">[B, C, h, w]. Borrowed.</param>
    /// <param name="noise">[B, C, h, w], standard normal. Borrowed.</param>
    /// <param name="timesteps">[B], int64, 0 to <see cref="Count"/> - 1. Borrowed.</param>
    internal Tensor AddNoise(Tensor clean, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (alpha, sigma) = Factors(clean, timesteps);
        return (alpha * clean).Plus(sigma * noise).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What a <see cref="PredictionType.Velocity"/> network is trained to predict: alpha · noise - sigma · clean.
    /// Shapes and ownership as in <see cref="AddNoise"/>.
    /// </summary>
    /// <param name="clean">[B, C, h, w]. Borrowed.</param>
    /// <param name="noise">[B, C, h, w], standard normal. Borrowed.</param>
    /// <param name="timesteps">[B], int64, 0 to <see cref="Count"/> - 1. Borrowed.</param>
    internal Tensor Velocity(Tensor clean, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (alpha, sigma) = Factors(clean, timesteps);
        return (alpha * noise - sigma * clean).MoveToOuterDisposeScope();
    }

    // This kind of schedule keeps the variance of the latents: alpha² + sigma² = 1.
    private static NoiseLevel Level(double relativeSigma, double timestep)
    {
        var alpha = 1 / Math.Sqrt(1 + relativeSigma * relativeSigma);
        return new(alpha, relativeSigma * alpha, timestep);
    }

    private (Tensor Alpha, Tensor Sigma) Factors(Tensor like, Tensor timesteps)
    {
        var product = tensor(_table.Value.AlphasCumprod, ScalarType.Float32)
            .to(like.device)[timesteps]
            .reshape(-1, 1, 1, 1);
        return (product.sqrt().to(like.dtype), product.SubtractedFrom(1).sqrt().to(like.dtype));
    }

    private NoiseTable MakeTable()
    {
        if (Problem() is { } problem)
        {
            throw new InvalidOperationException($"The noise schedule cannot be run: {problem}");
        }

        using var scope = NewDisposeScope();
        var type = InFloat32 ? ScalarType.Float32 : ScalarType.Float64;
        var betas = linspace(Math.Sqrt(Start), Math.Sqrt(End), Count, type).square();
        var product = cumprod(betas.SubtractedFrom(1), 0);
        (betas, product) = (betas.to(ScalarType.Float32), product.to(ScalarType.Float32));
        return ZeroTerminalSnr ? WithoutSignalAtTheEnd(betas) : new NoiseTable(betas, product);
    }

    private static NoiseTable WithoutSignalAtTheEnd(Tensor betas)
    {
        var root = cumprod(betas.SubtractedFrom(1), 0).sqrt();
        var (first, last) = (root[0], root[-1]);
        var product = ((root - last) * (first / (first - last))).square();
        var shifted = cat([product[..1], product[1..] / product[..^1]]).SubtractedFrom(1);
        return new NoiseTable(shifted, cumprod(shifted.SubtractedFrom(1), 0));
    }
}
