using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The loss of latent consistency distillation: what the student makes of latents in one step is to be what it makes of
/// those that the teacher leads to by one step of DDIM. Then it is the same all along the teacher's way, and so what
/// that ends at. Source: Luo et al. 2023, arXiv:2310.04378, algorithm 1 with the student itself in place of an average;
/// pseudo-Huber distance as diffusers' train_lcm_distill_lora_sd_wds.py, after Song and Dhariwal 2023,
/// arXiv:2310.14189, section 3.3.
/// </summary>
internal sealed record ConsistencyLoss : DenoisingLoss
{
    /// <summary>The c of the pseudo-Huber distance √(d² + c²) − c.</summary>
    private const double HuberWidth = 0.001;

    /// <summary>
    /// Steps in which the teacher would come from pure noise to a picture: one of them leads from a timestep to the one
    /// where the student is asked again.
    /// </summary>
    public int TeacherSteps { get; init; } = TimestepSpacing.LcmSteps;

    /// <summary>Between two of the timesteps that are drawn: those of <see cref="TimestepSpacing.Lcm"/>.</summary>
    private int Distance => Schedule.Count / TimestepSpacing.LcmSteps;

    private int Stride => Schedule.Count / TeacherSteps;

    /// <inheritdoc/>
    /// <remarks>Both sides of the teacher, and the target.</remarks>
    public override int TaughtPasses => 3;

    /// <inheritdoc/>
    public override Tensor DrawTimesteps(long count, Generator generator) =>
        randint(1, TimestepSpacing.LcmSteps + 1, [count], generator: generator).Times(Distance).Minus(1);

    /// <inheritdoc/>
    public override long TimestepAt(double share) => ((long)(share * TimestepSpacing.LcmSteps) + 1) * Distance - 1;

    /// <inheritdoc/>
    private protected override Tensor Of(Batch batch)
    {
        var from = batch.Timesteps.cpu().data<long>().ToArray();
        var to = from.Select(timestep => Math.Max(timestep - Stride, 0)).ToArray();
        var noisy = Schedule.AddNoise(batch.Latents, batch.Noise, batch.Timesteps);
        Tensor target;
        using (no_grad())
        {
            var cleaner = DdimStep(noisy, batch.Teach(noisy, batch.Timesteps), from, to);
            target = Consistent(cleaner, batch.Predict(cleaner, tensor(to, device: noisy.device)), to);
        }

        var difference = Consistent(noisy, batch.Predict(noisy, batch.Timesteps), from) - target;
        return difference.square().Plus(HuberWidth * HuberWidth).sqrt().Minus(HuberWidth).mean();
    }

    /// <summary>What the consistency function makes of latents. Source: arXiv:2310.04378, equation (9).</summary>
    /// <param name="noisy">[B, 4, h, w]. Borrowed.</param>
    /// <param name="prediction">What was predicted from them. Borrowed.</param>
    /// <param name="timesteps">Theirs.</param>
    internal Tensor Consistent(Tensor noisy, Tensor prediction, IReadOnlyList<long> timesteps)
    {
        using var scope = NewDisposeScope();
        Tensor Factor(Func<ConsistencyScalings, double> of) =>
            Column(timesteps.Select(timestep => of(ConsistencyScalings.At(timestep))), noisy);
        var (clean, _) = Parts(noisy, prediction, timesteps);
        return (Factor(s => s.Skip) * noisy).Plus(Factor(s => s.Out) * clean).MoveToOuterDisposeScope();
    }
}
