namespace ControlNetSharp.Samplers;

/// <summary>
/// Which training timesteps are visited, noisiest first. Source: "Common Diffusion Noise Schedules and Sample Steps are
/// Flawed" (Lin et al. 2024, arXiv:2305.08891), table 2, and diffusers 58eb52c for the roundings
/// (half to even).
/// </summary>
internal static class TimestepSpacing
{
    /// <summary>
    /// Steps of the schedule that latent consistency models are distilled with, unless they say otherwise.
    /// </summary>
    public const int LcmSteps = 50;

    /// <summary>
    /// Whole distances from the clean end, so the noisiest timesteps may be left out: i · (count / steps) + offset.
    /// </summary>
    /// <param name="count">Training timesteps.</param>
    /// <param name="steps">Steps, 1 to <paramref name="count"/>.</param>
    /// <param name="offset">
    /// Added to each; Stable Diffusion uses 1. With as many steps as timesteps it would pass the end, and is less.
    /// </param>
    public static IReadOnlyList<double> Leading(int count, int steps, int offset = 1)
    {
        CheckSteps(steps, count);
        var distance = count / steps;
        var shift = Math.Min(offset, count - 1 - (steps - 1) * distance);
        return [.. Enumerable.Range(0, steps).Reverse().Select(i => (double)(i * distance + shift))];
    }

    /// <summary>Both ends and equal, fractional distances between them.</summary>
    /// <param name="count">Training timesteps.</param>
    /// <param name="steps">Steps, from 1; one step starts at the noisiest timestep.</param>
    public static IReadOnlyList<double> Linspace(int count, int steps)
    {
        CheckSteps(steps, int.MaxValue);
        return steps == 1
            ? [count - 1]
            : [.. Enumerable.Range(0, steps).Select(i => (count - 1) * (double)(steps - 1 - i) / (steps - 1))];
    }

    /// <summary>
    /// Equal distances from the noisiest timestep; the clean end is left out. What zero-terminal-SNR schedules need.
    /// </summary>
    /// <param name="count">Training timesteps.</param>
    /// <param name="steps">Steps, 1 to <paramref name="count"/>.</param>
    public static IReadOnlyList<double> Trailing(int count, int steps)
    {
        CheckSteps(steps, count);
        return [.. Enumerable.Range(0, steps).Select(i => Math.Round(count - i * ((double)count / steps)) - 1)];
    }

    /// <summary>
    /// Equal distances from the noisiest timestep, rounded towards it. The "simple" scheduler of ComfyUI and
    /// stable-diffusion-webui; with distances that are whole, <see cref="Trailing"/>.
    /// </summary>
    /// <param name="count">Training timesteps.</param>
    /// <param name="steps">Steps, 1 to <paramref name="count"/>.</param>
    public static IReadOnlyList<double> Simple(int count, int steps)
    {
        CheckSteps(steps, count);
        return [.. Enumerable.Range(0, steps).Select(i => (double)(count - 1 - i * count / steps))];
    }

    /// <summary>
    /// LDM's DDIM rule: 1, 1 + d, 1 + 2d ... below or at <paramref name="count"/> with d = count / steps rounded down.
    /// Where d does not divide count there are more steps than asked: 7 for 6, 31 for 30.
    /// LDM then asks for timestep 1000 at 3, 9, 27 ... steps, which its tables lack; here it is 999, once. Source: LDM
    /// ldm/modules/diffusionmodules/util.py, make_ddim_timesteps.
    /// </summary>
    /// <param name="count">Training timesteps.</param>
    /// <param name="steps">Steps asked for, 1 to <paramref name="count"/>.</param>
    public static IReadOnlyList<double> Ldm(int count, int steps)
    {
        CheckSteps(steps, count);
        var distance = count / steps;
        return
        [
            .. Enumerable
                .Range(0, (count + distance - 1) / distance)
                .Reverse()
                .Select(i => (double)Math.Min(i * distance + 1, count - 1))
                .Distinct(),
        ];
    }

    /// <summary>
    /// A selection of the timesteps that a latent consistency model was distilled at. Source: Luo et al. 2023,
    /// arXiv:2310.04378; diffusers LCMScheduler.
    /// </summary>
    /// <param name="count">Training timesteps.</param>
    /// <param name="steps">Steps, 1 to <paramref name="distilledSteps"/>.</param>
    /// <param name="distilledSteps">Steps of the teacher's schedule in distillation.</param>
    public static IReadOnlyList<double> Lcm(int count, int steps, int distilledSteps = LcmSteps)
    {
        CheckSteps(steps, distilledSteps);
        var distance = count / distilledSteps;
        return
        [
            .. Enumerable
                .Range(0, steps)
                .Select(i => (double)((distilledSteps - i * distilledSteps / steps) * distance - 1)),
        ];
    }

    private static void CheckSteps(int steps, int most)
    {
        if (steps < 1 || steps > most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(steps),
                steps,
                $"Steps must be from 1 to {most} for this spacing."
            );
        }
    }
}
