using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The loss of progressive distillation: where the student comes to by one step of DDIM is to be where the teacher
/// comes to by several, from the same latents; so a few steps go the teacher's way. Source: Salimans and Ho 2022,
/// arXiv:2202.00512, algorithm 2, in one go for all of the teacher's steps in place of halving them again and again;
/// weights "truncated SNR" of its section 4.
/// </summary>
/// <remarks>
/// At the noisiest timestep there is nothing but noise, as where a picture begins: a noised picture would still show
/// its mean colours there, which the student would learn to rely on.
/// </remarks>
internal sealed record ProgressiveLoss : DenoisingLoss
{
    /// <summary>Steps in which the student comes from pure noise to a picture.</summary>
    public int Steps { get; init; } = 4;

    /// <summary>Those of the teacher; a multiple of <see cref="Steps"/>.</summary>
    public int TeacherSteps { get; init; } = 20;

    /// <inheritdoc/>
    public override int TaughtPasses => 2 * StepsInOne;

    private int StepsInOne => TeacherSteps / Steps;

    /// <inheritdoc/>
    public override Tensor DrawTimesteps(long count, Generator generator) =>
        tensor(Timesteps(Steps)).index_select(0, randint(0, Steps, [count], generator: generator));

    /// <inheritdoc/>
    public override long TimestepAt(double share) => Timesteps(Steps)[(int)(share * Steps)];

    /// <inheritdoc/>
    private protected override Tensor Of(Batch batch)
    {
        var from = batch.Timesteps.cpu().data<long>().ToArray();
        var isPicture = Column(from.Select(timestep => timestep < Schedule.Count - 1 ? 1.0 : 0), batch.Latents);
        var noisy = Schedule.AddNoise(batch.Latents * isPicture, batch.Noise, batch.Timesteps);
        Tensor target;
        using (no_grad())
        {
            var (cleaner, to) = Led(noisy, batch, from);
            target = LeadingTo(cleaner, noisy, from, to);
        }

        var difference = Parts(noisy, batch.Predict(noisy, batch.Timesteps), from).Clean - target;
        return (Column(from.Select(Weight), noisy) * difference.square()).mean();
    }

    /// <summary>Where the teacher comes to by as many steps as the student's one stands for.</summary>
    private (Tensor Latents, IReadOnlyList<long> Timesteps) Led(Tensor noisy, Batch batch, IReadOnlyList<long> from)
    {
        long[] all = [.. Timesteps(TeacherSteps), Clean];
        var at = from.Select(timestep => Array.IndexOf(all, timestep)).ToArray();
        var latents = noisy;
        for (var step = 0; step < StepsInOne; step++)
        {
            using var scope = NewDisposeScope();
            long[] here = [.. at.Select(index => all[index + step])];
            var prediction = batch.Teach(latents, tensor(here, device: noisy.device));
            latents = DdimStep(latents, prediction, here, [.. at.Select(index => all[index + step + 1])])
                .MoveToOuterDisposeScope();
        }

        return (latents, [.. at.Select(index => all[index + StepsInOne])]);
    }

    /// <summary>
    /// The clean latents with which one step of DDIM leads from noisy to cleaner latents: x = α z + σ ε at both ends,
    /// solved for x. Source: arXiv:2202.00512, appendix G.
    /// </summary>
    private Tensor LeadingTo(Tensor cleaner, Tensor noisy, IReadOnlyList<long> from, IReadOnlyList<long> to)
    {
        var (alpha, sigma) = Levels(from, noisy);
        var (alphaTo, sigmaTo) = Levels(to, noisy);
        var ratio = sigmaTo / sigma;
        return (cleaner - ratio * noisy) / (alphaTo - ratio * alpha);
    }

    private double Weight(long timestep)
    {
        var level = Schedule.LevelAt(timestep);
        return Math.Max(level.Alpha * level.Alpha / (level.Sigma * level.Sigma), 1);
    }

    private long[] Timesteps(int steps) => [.. TimestepSpacing.Trailing(Schedule.Count, steps).Select(t => (long)t)];
}
