using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Diffusion;

/// <summary>
/// How much noise each training timestep has: the discrete schedule that a network was trained with. Host values.
/// </summary>
internal sealed class NoiseSchedule
{
    // diffusers gives the last timestep of a zero-terminal-SNR schedule this alphas_cumprod where a finite sigma is
    // needed (EulerDiscreteScheduler, 58eb52c).
    private const double SmallestAlphasCumprod = 1.0 / (1 << 24);

    private readonly double[] _betas;
    private readonly double[] _alphasCumprod;
    private readonly double[] _sigmas;

    private NoiseSchedule(Tensor betas, Tensor alphasCumprod)
    {
        _betas = [.. betas.to(ScalarType.Float64).data<double>()];
        _alphasCumprod = [.. alphasCumprod.to(ScalarType.Float64).data<double>()];
        _sigmas =
        [
            .. _alphasCumprod.Select(a => Math.Max(a, SmallestAlphasCumprod)).Select(a => Math.Sqrt((1 - a) / a)),
        ];
    }

    /// <summary>Variance of the noise that each timestep adds, by timestep.</summary>
    public IReadOnlyList<double> Betas => _betas;

    /// <summary>
    /// Product of (1 - beta) up to and with each timestep: the square of <see cref="NoiseLevel.Alpha"/>. Falls from
    /// almost 1 to almost 0.
    /// </summary>
    public IReadOnlyList<double> AlphasCumprod => _alphasCumprod;

    /// <summary>The number of training timesteps: 1000 for Stable Diffusion.</summary>
    public int Count => _betas.Length;

    /// <summary><see cref="NoiseLevel.RelativeSigma"/> of the first timestep: 0.0292 for Stable Diffusion.</summary>
    public double SmallestSigma => _sigmas[0];

    /// <summary>
    /// <see cref="NoiseLevel.RelativeSigma"/> of the last timestep: 14.61 for Stable Diffusion. Finite (4096) for
    /// zero-terminal SNR too.
    /// </summary>
    public double LargestSigma => _sigmas[^1];

    /// <summary>Whether the last timestep is nothing but noise: <see cref="WithZeroTerminalSnr"/>.</summary>
    public bool HasZeroTerminalSnr => _alphasCumprod[^1] == 0;

    /// <summary>Whether steps are to be spaced from the noisy end where no scheduler is named.</summary>
    public bool PrefersTrailing
    {
        get => field || HasZeroTerminalSnr;
        private set;
    }

    /// <summary>
    /// Betas whose square roots are equally spaced: Stable Diffusion's. Computed in float64 and rounded to float32
    /// once. Source: LDM ldm/modules/diffusionmodules/util.py, make_beta_schedule "linear".
    /// </summary>
    /// <param name="betaStart">Beta of the first timestep, above 0.</param>
    /// <param name="betaEnd">Beta of the last timestep, from <paramref name="betaStart"/> to below 1.</param>
    /// <param name="count">Training timesteps, at least 2.</param>
    public static NoiseSchedule ScaledLinear(double betaStart = 0.00085, double betaEnd = 0.012, int count = 1000)
    {
        using var scope = NewDisposeScope();
        var betas = ScaledLinearBetas(betaStart, betaEnd, count, ScalarType.Float64);
        return new(betas.to(ScalarType.Float32), cumprod(betas.SubtractedFrom(1), 0).to(ScalarType.Float32));
    }

    /// <summary>The schedule that a checkpoint was trained with.</summary>
    public static NoiseSchedule Of(NoiseSettings noise)
    {
        ArgumentNullException.ThrowIfNull(noise);
        var schedule = ScaledLinear(noise.Start, noise.End, noise.Count);
        schedule = noise.ZeroTerminalSnr ? schedule.WithZeroTerminalSnr() : schedule;
        schedule.PrefersTrailing |= noise.TrailingSpacing;
        return schedule;
    }

    /// <summary>
    /// <see cref="ScaledLinear"/> as diffusers computes it: in float32 throughout, which differs in the seventh digit.
    /// Source: diffusers schedulers, 58eb52c.
    /// </summary>
    /// <inheritdoc cref="ScaledLinear"/>
    public static NoiseSchedule ScaledLinearFloat32(
        double betaStart = 0.00085,
        double betaEnd = 0.012,
        int count = 1000
    )
    {
        using var scope = NewDisposeScope();
        var betas = ScaledLinearBetas(betaStart, betaEnd, count, ScalarType.Float32);
        return new(betas, cumprod(betas.SubtractedFrom(1), 0));
    }

    /// <summary>
    /// The same schedule with its last timestep turned into pure noise and the others shifted to fit. Source: Lin et
    /// al. 2024, arXiv:2305.08891, algorithm 1; float32 as in diffusers' rescale_zero_terminal_snr.
    /// </summary>
    public NoiseSchedule WithZeroTerminalSnr()
    {
        using var scope = NewDisposeScope();
        var root = cumprod(tensor(_betas, ScalarType.Float32).SubtractedFrom(1), 0).sqrt();
        var (first, last) = (root[0], root[-1]);
        var product = ((root - last) * (first / (first - last))).square();
        var betas = cat([product[..1], product[1..] / product[..^1]]).SubtractedFrom(1);
        return new(betas, cumprod(betas.SubtractedFrom(1), 0));
    }

    /// <summary>The level of a timestep.</summary>
    /// <param name="timestep">
    /// 0 to <see cref="Count"/> - 1. Between two timesteps the sigma is interpolated linearly, as diffusers does.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The timestep is outside the schedule.</exception>
    public NoiseLevel LevelAt(double timestep)
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
        return fraction == 0
            ? new(Math.Sqrt(_alphasCumprod[index]), Math.Sqrt(1 - _alphasCumprod[index]), timestep)
            : NoiseLevel.OfRelativeSigma(_sigmas[index] + fraction * (_sigmas[index + 1] - _sigmas[index]), timestep);
    }

    /// <summary>
    /// The level of a sigma; its timestep is interpolated in the logarithm of sigma and stays inside the schedule.
    /// Source: k-diffusion external.py, sigma_to_t.
    /// </summary>
    /// <param name="sigma">In the sense of <see cref="NoiseLevel.RelativeSigma"/>, above 0, finite.</param>
    public NoiseLevel LevelOfSigma(double sigma)
    {
        if (!(sigma > 0 && double.IsFinite(sigma)))
        {
            throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "The sigma must be above 0 and finite.");
        }

        var above = Array.FindIndex(_sigmas, s => s > sigma);
        var low = Math.Clamp((above < 0 ? Count : above) - 1, 0, Count - 2);
        var fraction = Math.Log(sigma / _sigmas[low]) / Math.Log(_sigmas[low + 1] / _sigmas[low]);
        return NoiseLevel.OfRelativeSigma(sigma, low + Math.Clamp(fraction, 0, 1));
    }

    /// <summary>
    /// Noisy latents for training: each picture of the batch at its own timestep. Fresh, owned by the caller.
    /// </summary>
    /// <param name="clean">[B, C, h, w]. Borrowed.</param>
    /// <param name="noise">[B, C, h, w], standard normal. Borrowed.</param>
    /// <param name="timesteps">[B], int64, 0 to <see cref="Count"/> - 1. Borrowed.</param>
    public Tensor AddNoise(Tensor clean, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (alpha, sigma) = Shares(clean, timesteps);
        return (alpha * clean).Plus(sigma * noise).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What a <see cref="PredictionType.Velocity"/> network is trained to predict: alpha · noise - sigma · clean.
    /// Shapes and ownership as in <see cref="AddNoise"/>.
    /// </summary>
    /// <param name="clean">[B, C, h, w]. Borrowed.</param>
    /// <param name="noise">[B, C, h, w], standard normal. Borrowed.</param>
    /// <param name="timesteps">[B], int64, 0 to <see cref="Count"/> - 1. Borrowed.</param>
    public Tensor Velocity(Tensor clean, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (alpha, sigma) = Shares(clean, timesteps);
        return (alpha * noise - sigma * clean).MoveToOuterDisposeScope();
    }

    private (Tensor Alpha, Tensor Sigma) Shares(Tensor like, Tensor timesteps)
    {
        var product = tensor(_alphasCumprod, ScalarType.Float32).to(like.device)[timesteps].reshape(-1, 1, 1, 1);
        return (product.sqrt().to(like.dtype), product.SubtractedFrom(1).sqrt().to(like.dtype));
    }

    private static Tensor ScaledLinearBetas(double start, double end, int count, ScalarType type)
    {
        if (!(start > 0 && start <= end && end < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(end),
                (start, end),
                "The betas must satisfy 0 < betaStart <= betaEnd < 1."
            );
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        return linspace(Math.Sqrt(start), Math.Sqrt(end), count, type).square();
    }
}
