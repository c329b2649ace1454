using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>What a denoising network is trained to: a loss, and the timesteps at which it is taken.</summary>
internal abstract record DenoisingLoss
{
    /// <summary>The noise schedule that the network is trained with.</summary>
    public NoiseSchedule Schedule { get; init; } = NoiseSchedule.StableDiffusion;

    /// <summary>In place of a timestep: what the last step of a picture leads to, which has no noise.</summary>
    private protected const long Clean = -1;

    /// <summary>What the network predicts.</summary>
    public PredictionType Prediction { get; init; } = PredictionType.Epsilon;

    /// <summary>Draws timesteps.</summary>
    /// <param name="count">How many.</param>
    /// <param name="generator">On the CPU.</param>
    /// <returns>[count], int64, on the CPU.</returns>
    public abstract Tensor DrawTimesteps(long count, Generator generator);

    /// <summary>The timestep at a share of the way through those that are drawn.</summary>
    /// <param name="share">From 0 to below 1.</param>
    public abstract long TimestepAt(double share);

    /// <summary>Forward passes without gradients that a picture takes beside the one that is trained.</summary>
    public virtual int TaughtPasses => 0;

    /// <summary>The loss of one batch.</summary>
    /// <param name="predict">
    /// Noisy latents [B, 4, h, w] and timesteps [B] to the prediction of the network that is trained, of the same shape
    /// (in any dtype).
    /// </param>
    /// <param name="teach">The same of the network that teaches; null where there is none.</param>
    /// <param name="latents">[B, 4, h, w], float32, scaled. Borrowed.</param>
    /// <param name="noise">[B, 4, h, w], standard normal. Borrowed.</param>
    /// <param name="timesteps">[B], int64. Borrowed.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="InvalidOperationException">The loss is of a distillation, and nothing teaches.</exception>
    public Tensor Of(
        Func<Tensor, Tensor, Tensor> predict,
        Func<Tensor, Tensor, Tensor>? teach,
        Tensor latents,
        Tensor noise,
        Tensor timesteps
    )
    {
        ArgumentNullException.ThrowIfNull(predict);
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(noise);
        ArgumentNullException.ThrowIfNull(timesteps);
        using var scope = NewDisposeScope();
        return Of(new Batch(predict, teach, latents, noise, timesteps)).MoveToOuterDisposeScope();
    }

    /// <summary>The same of what was checked; of the dispose scope.</summary>
    private protected abstract Tensor Of(Batch batch);

    /// <summary>The clean latents and the noise that a prediction means; of the dispose scope.</summary>
    /// <param name="noisy">[B, 4, h, w]. Borrowed.</param>
    /// <param name="prediction">What was predicted from them, in any dtype. Borrowed.</param>
    /// <param name="timesteps">Theirs.</param>
    /// <returns>Both [B, 4, h, w], float32, with the prediction's gradients.</returns>
    internal (Tensor Clean, Tensor Noise) Parts(Tensor noisy, Tensor prediction, IReadOnlyList<long> timesteps)
    {
        var p = prediction.to(ScalarType.Float32);
        var (alpha, sigma) = Levels(timesteps, noisy);
        return Prediction switch
        {
            PredictionType.Epsilon => ((noisy - sigma * p) / alpha, p),
            PredictionType.Velocity => (alpha * noisy - sigma * p, (sigma * noisy).Plus(alpha * p)),
            _ => (p, (noisy - alpha * p) / sigma),
        };
    }

    /// <summary>
    /// Latents at other timesteps, by the noise and the clean latents that were predicted. Source: Song et al. 2021,
    /// arXiv:2010.02502, equation (12) with sigma 0.
    /// </summary>
    private protected Tensor DdimStep(Tensor noisy, Tensor prediction, IReadOnlyList<long> from, IReadOnlyList<long> to)
    {
        using var scope = NewDisposeScope();
        var (clean, noise) = Parts(noisy, prediction, from);
        var (alpha, sigma) = Levels(to, noisy);
        return (alpha * clean).Plus(sigma * noise).MoveToOuterDisposeScope();
    }

    /// <summary>The noise levels of timesteps: [B, 1, 1, 1] each.</summary>
    private protected (Tensor Alpha, Tensor Sigma) Levels(IReadOnlyList<long> timesteps, Tensor like)
    {
        var levels = timesteps
            .Select(timestep => timestep == Clean ? NoiseLevel.Clean : Schedule.LevelAt(timestep))
            .ToList();
        return (Column(levels.Select(level => level.Alpha), like), Column(levels.Select(level => level.Sigma), like));
    }

    /// <summary>A factor for each picture: [B, 1, 1, 1].</summary>
    private protected static Tensor Column(IEnumerable<double> factors, Tensor like) =>
        tensor(factors.ToArray(), ScalarType.Float32, device: like.device).reshape(-1, 1, 1, 1);

    /// <summary>What a loss is taken of.</summary>
    /// <param name="Predict">The network that is trained.</param>
    /// <param name="Teacher">The one that teaches; null where there is none.</param>
    /// <param name="Latents">[B, 4, h, w].</param>
    /// <param name="Noise">[B, 4, h, w].</param>
    /// <param name="Timesteps">[B].</param>
    private protected sealed record Batch(
        Func<Tensor, Tensor, Tensor> Predict,
        Func<Tensor, Tensor, Tensor>? Teacher,
        Tensor Latents,
        Tensor Noise,
        Tensor Timesteps
    )
    {
        /// <summary>What the teacher predicts.</summary>
        /// <exception cref="InvalidOperationException">There is none.</exception>
        public Tensor Teach(Tensor noisy, Tensor timesteps) =>
            Teacher is { } teacher
                ? teacher(noisy, timesteps)
                : throw new InvalidOperationException("This loss learns from a teacher, and none was given.");
    }
}
