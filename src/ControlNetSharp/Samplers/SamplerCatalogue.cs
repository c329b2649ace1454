using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Samplers;

/// <summary>
/// The tables of samplers and schedulers, and how names are understood. Any sampler runs on any scheduler. A program
/// adds samplers of its own by <see cref="Register"/>.
/// </summary>
public static class SamplerCatalogue
{
    private static readonly OpenTable<SamplerEntry> Table = new(
        [
            new(
                "DPM++ 2M",
                ["k_dpmpp_2m", "dpmpp_2m"],
                "karras",
                (d, x, s, _, _, on, c) => DpmSolverSamplers.DpmPlusPlus2M(d, x, s, on, c)
            ),
            new(
                "DPM++ 2M SDE",
                ["k_dpmpp_2m_sde", "dpmpp_2m_sde"],
                "exponential",
                DpmSolverSamplers.DpmPlusPlus2MSde,
                defaultEta: 1
            ),
            new(
                "Euler a",
                ["k_euler_a", "k_euler_ancestral", "euler_a", "Euler ancestral"],
                "uniform",
                FirstOrderSamplers.EulerAncestral,
                defaultEta: 1
            ),
            new("Euler", ["k_euler"], "uniform", (d, x, s, _, _, on, c) => FirstOrderSamplers.Euler(d, x, s, on, c)),
            new("Heun", ["k_heun"], "uniform", (d, x, s, _, _, on, c) => HeunSampler.Heun(d, x, s, on, c)),
            new("DDIM", [], "ddim", FirstOrderSamplers.Ddim, defaultEta: 0, endsAtFirstTimestep: true),
            new(
                "PLMS",
                ["PNDM"],
                "ddim",
                (d, x, s, _, _, on, c) => PlmsSampler.Plms(d, x, s, PredictionType.Epsilon, on, c),
                endsAtFirstTimestep: true
            ),
            new("UniPC", [], "ddim", (d, x, s, _, _, on, c) => UniPcSampler.UniPc(d, x, s, UniPcKind.Bh2, on, c)),
            new("LCM", ["k_lcm"], "lcm", (d, x, s, _, n, on, c) => LcmSampler.Lcm(d, x, s, n, on, c)),
            // DDIM that goes below the next timestep, LevelStep.Below. Timesteps of distillation as LCM's; diffusers'
            // TCDScheduler ends at timestep 0.
            new("TCD", [], "lcm", FirstOrderSamplers.Ddim, defaultEta: 0.3, endsAtFirstTimestep: true)
            {
                EtaLowersTimesteps = true,
            },
            new(
                "DDPM",
                [],
                "ddim",
                (d, x, s, _, n, on, c) => FirstOrderSamplers.Ddpm(d, x, s, DdpmVariance.Small, n, on, c)
            ),
        ],
        sampler => sampler.Aliases.Prepend(sampler.Name)
    );

    /// <summary>
    /// The scheduler name that means the sampler's own default; not a row of <see cref="Schedulers"/>.
    /// </summary>
    public const string Automatic = "automatic";

    /// <summary>
    /// The scheduler of models with zero terminal SNR where none is named: it begins at their noisiest level, and other
    /// spacings such as that of DDIM leave it out (Lin et al. 2024, arXiv:2305.08891, section 3.3). Also of models
    /// whose configuration asks for it.
    /// </summary>
    public const string Trailing = "trailing";

    /// <summary>All samplers: the library's, then those that were registered.</summary>
    public static IReadOnlyList<SamplerEntry> Samplers => Table.Rows;

    /// <summary>All schedulers.</summary>
    public static IReadOnlyList<SchedulerEntry> Schedulers { get; } =
    [
        new("uniform", "Uniform", (s, n) => Levels(s, TimestepSpacing.Linspace(s.Count, n))),
        // Karras and exponential run over the whole schedule, as in k-diffusion, whatever timesteps the steps would
        // have.
        new("karras", "Karras", (s, n) => LevelsOfSigmas(s, SigmaSpacing.Karras(n, s.SmallestSigma, s.LargestSigma))),
        new(
            "exponential",
            "Exponential",
            (s, n) => LevelsOfSigmas(s, SigmaSpacing.Exponential(n, s.SmallestSigma, s.LargestSigma))
        ),
        // With k-diffusion's default rho of 1 this is the exponential scheduler; clients send either name.
        new(
            "polyexponential",
            "Polyexponential",
            (s, n) => LevelsOfSigmas(s, SigmaSpacing.Exponential(n, s.SmallestSigma, s.LargestSigma))
        ),
        new("sgm_uniform", "SGM Uniform", (s, n) => Levels(s, TimestepSpacing.Linspace(s.Count, n + 1).SkipLast(1))),
        new(
            "kl_optimal",
            "KL Optimal",
            (s, n) => LevelsOfSigmas(s, SigmaSpacing.KlOptimal(n, s.SmallestSigma, s.LargestSigma))
        ),
        new(
            "align_your_steps",
            "Align Your Steps",
            (s, n) => LevelsOfSigmas(s, SigmaSpacing.AlignYourSteps(n, SigmaSpacing.AlignedForSd))
        ),
        new(
            "align_your_steps_xl",
            "Align Your Steps XL",
            (s, n) => LevelsOfSigmas(s, SigmaSpacing.AlignYourSteps(n, SigmaSpacing.AlignedForSdxl))
        ),
        new("beta", "Beta", (s, n) => LevelsOfSigmas(s, SigmaSpacing.Beta(n, s.SmallestSigma, s.LargestSigma))),
        new("simple", "Simple", (s, n) => Levels(s, TimestepSpacing.Simple(s.Count, n))),
        new("normal", "Normal", (s, n) => Levels(s, TimestepSpacing.Linspace(s.Count, n))),
        new("ddim", "DDIM", (s, n) => Levels(s, TimestepSpacing.Leading(s.Count, n)), startsLow: true),
        new(Trailing, "Trailing", (s, n) => Levels(s, TimestepSpacing.Trailing(s.Count, n))),
        new("ldm", "LDM", (s, n) => Levels(s, TimestepSpacing.Ldm(s.Count, n)), startsLow: true),
        new(
            "lcm",
            "LCM",
            (s, n) => Levels(s, TimestepSpacing.Lcm(s.Count, n)),
            startsLow: true,
            mostSteps: TimestepSpacing.LcmSteps
        ),
    ];

    /// <summary>
    /// Adds a sampler to those that requests, lists and web APIs of this process know, usually when a program starts.
    /// </summary>
    /// <param name="sampler">The sampler.</param>
    /// <returns>Takes it out again when it is disposed.</returns>
    /// <exception cref="ArgumentException">
    /// A name is that of another sampler, or its default scheduler is not known.
    /// </exception>
    public static IDisposable Register(SamplerEntry sampler)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        return Schedulers.Any(scheduler => Same(scheduler.Name, sampler.DefaultScheduler))
            ? Table.Add(sampler)
            : throw UnknownNameException.Of(
                "scheduler",
                sampler.DefaultScheduler,
                Schedulers.Select(scheduler => scheduler.Name)
            );
    }

    /// <summary>
    /// The rows that two names mean; letter case does not matter. Old combined names such as "DPM++ 2M Karras" give
    /// both, unless <paramref name="scheduler"/> names one itself.
    /// </summary>
    /// <param name="sampler">A name or alias from <see cref="Samplers"/>, or a combined name.</param>
    /// <param name="scheduler">
    /// A name or label from <see cref="Schedulers"/>; empty or <see cref="Automatic"/> for the default.
    /// </param>
    /// <param name="automatic">
    /// The scheduler that counts where neither name says one; null for the sampler's own.
    /// </param>
    /// <exception cref="ArgumentException">A name is unknown; the message lists the known ones.</exception>
    public static (SamplerEntry Sampler, SchedulerEntry Scheduler) Resolve(
        string sampler,
        string scheduler = Automatic,
        string? automatic = null
    )
    {
        var entry = FindSampler(sampler);
        string? combined = null;
        foreach (
            var suffix in Schedulers
                .SelectMany(row => new[] { row.Name, row.Label })
                .Where(name => sampler.EndsWith(" " + name, StringComparison.OrdinalIgnoreCase))
        )
        {
            // Several can fit: "SGM Uniform" ends in "Uniform" too.
            if (entry is null && FindSampler(sampler[..^(suffix.Length + 1)]) is { } found)
            {
                (entry, combined) = (found, suffix);
            }
        }

        if (entry is null)
        {
            throw UnknownNameException.Of("sampler", sampler, Samplers.Select(s => s.Name));
        }

        var wanted =
            scheduler.Length > 0 && !Same(scheduler, Automatic)
                ? scheduler
                : combined ?? automatic ?? entry.DefaultScheduler;
        var scheduling =
            Schedulers.FirstOrDefault(s =>
                Same(s.Name, wanted)
                || Same(s.Label, wanted)
                || Same(s.Label.Replace(" ", "", StringComparison.Ordinal), wanted)
            )
            ?? throw UnknownNameException.Of("scheduler", scheduler, Schedulers.Select(s => s.Name).Prepend(Automatic));
        return (entry, scheduling);
    }

    private static SamplerEntry? FindSampler(string name) =>
        Samplers.FirstOrDefault(s => Same(s.Name, name) || s.Aliases.Any(alias => Same(alias, name)));

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static IReadOnlyList<NoiseLevel> Levels(NoiseSchedule schedule, IEnumerable<double> timesteps) =>
        [.. timesteps.Select(schedule.LevelAt)];

    private static IReadOnlyList<NoiseLevel> LevelsOfSigmas(NoiseSchedule schedule, IEnumerable<double> sigmas) =>
        [.. sigmas.Select(schedule.LevelOfSigma)];
}
