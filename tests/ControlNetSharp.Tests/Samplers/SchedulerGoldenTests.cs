using ControlNetSharp.Diffusion;
using ControlNetSharp.Samplers;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Samplers;

public class SchedulerGoldenTests
{
    private const string JsonName = "schedulers.json";
    private const string TensorsName = "schedulers.safetensors";

    public static TheoryData<string> Cases()
    {
        string[] names = [.. Goldens.Names(JsonName, "cases")];
        return names.Length > 0 ? [.. names] : [""];
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sampler_WithTheModelOfTheGoldens_FollowsTheReferenceTrajectory(string name)
    {
        using var scope = NewDisposeScope();
        var cases = Goldens.Part(JsonName, "cases");
        Assert.SkipWhen(name.Length == 0 && Goldens.IsOverride, $"The golden file {JsonName} has no cases.");
        var settings = cases.GetProperty(name);
        var reference = new SchedulerCase(name, settings);
        using var file = Goldens.Open(TensorsName);
        var noises = file["in.noise"];
        var draws = 0;
        var rows = new List<Tensor>();
        var timesteps = new List<double>();
        var sigmas = new List<double>();

        Tensor Denoise(Tensor x, NoiseLevel level, int step)
        {
            rows.Add((reference.DividesByAlpha ? x / level.Alpha : x.clone()).flatten().DetachFromDisposeScope());
            timesteps.Add(level.Timestep);
            sigmas.Add(level.RelativeSigma);
            var prediction = 0.6 * sin(1.3 * x + level.Timestep / 300) + 0.2 * x;
            return Predictions.ToDenoised(reference.Prediction, prediction, x, level);
        }

        var start = file["in.x0"] * (reference.InitialScale * (reference.DividesByAlpha ? reference.Steps[0].From.Alpha : 1));
        rows.Add(reference.Run(Denoise, start, _ => noises[draws++].alias()).flatten());
        sigmas.Add(reference.Steps[^1].To.RelativeSigma);

        Assert.Equal(reference.ModelCalls, timesteps.Count);
        Assert.Equal(settings.GetProperty("noises_used").GetInt32(), draws + (reference.DrawsInVain ? 1 : 0));
        var expectedTimesteps = file.Required($"{name}/timesteps");
        var whole = expectedTimesteps.dtype == ScalarType.Int64;
        AssertRelative(expectedTimesteps, timesteps, whole ? 0 : 1e-4, $"{name}/timesteps");
        if (file.Has($"{name}/sigmas"))
        {
            AssertRelative(file[$"{name}/sigmas"], sigmas, 1e-4, $"{name}/sigmas");
        }

        file.AssertClose($"{name}/traj", stack(rows).reshape(file.Required($"{name}/traj").shape), 2e-5);
        rows.ForEach(row => row.Dispose());
    }

    [Fact]
    public void NoiseSchedule_InFloat32_IsThatOfDiffusersUpToRounding()
    {
        using var file = Goldens.Open(TensorsName);
        var schedule = Schedule(inFloat32: true);
        // libtorch's float32 linspace rounds by the vector width of the CPU: two units in the last place, squared.
        AssertRelative(file.Required("base/betas_diffusers"), schedule.Betas, 5e-7, "betas");
        AssertRelative(file.Required("base/alphas_cumprod_diffusers"), schedule.AlphasCumprod, 5e-7, "alphas_cumprod");
    }

    [Fact]
    public void NoiseSchedule_InFloat64_IsThatOfLdmToTheBit()
    {
        using var file = Goldens.Open(TensorsName);
        var schedule = Schedule(inFloat32: false);
        AssertRelative(file.Required("base/betas_ldm"), schedule.Betas, 0, "betas");
        AssertRelative(file.Required("base/alphas_cumprod_ldm"), schedule.AlphasCumprod, 0, "alphas_cumprod");
    }

    [Fact]
    public void NoiseSchedule_WithZeroTerminalSnr_IsThatOfDiffusers()
    {
        using var scope = NewDisposeScope();
        using var file = Goldens.Open(TensorsName);
        var schedule = Schedule(inFloat32: true) with { ZeroTerminalSnr = true };
        file.Required("base/alphas_cumprod_zero_snr").Dispose();
        file.AssertClose("base/alphas_cumprod_zero_snr", tensor(schedule.AlphasCumprod.ToArray()), 5e-7);
        Assert.Equal(0, schedule.LevelAt(schedule.Count - 1).Alpha);
    }

    [Fact]
    public void AddNoiseAndVelocity_WithOneTimestepAPicture_AreThoseOfDiffusers()
    {
        using var scope = NewDisposeScope();
        using var file = Goldens.Open(TensorsName);
        var schedule = Schedule(inFloat32: true);
        var (clean, noise, timesteps) = (file.Required("add_noise/x"), file["add_noise/noise"], file["add_noise/t"]);
        file.AssertClose("add_noise/out", schedule.AddNoise(clean, noise, timesteps), 1e-6);
        file.AssertClose("add_noise/velocity", schedule.Velocity(clean, noise, timesteps), 1e-6);
    }

    [Fact]
    public void EveryTensor_BelongsToACaseOrToTheSchedules()
    {
        Goldens.Require(JsonName);
        using var file = Goldens.Open(TensorsName);
        string[] shared = ["in.x0", "in.noise", "base/betas_diffusers", "base/alphas_cumprod_diffusers", "base/betas_ldm", "base/alphas_cumprod_ldm", "base/alphas_cumprod_zero_snr"];
        string[] added = ["add_noise/x", "add_noise/noise", "add_noise/t", "add_noise/out", "add_noise/velocity"];
        var ofCases = Goldens.Names(JsonName, "cases").SelectMany(name => new[] { $"{name}/timesteps", $"{name}/sigmas", $"{name}/traj" });
        Assert.Empty(file.Entries.Keys.Except([.. shared, .. added, .. ofCases]));
    }

    /// <summary>The schedule with the constants that the cases have in common.</summary>
    private static NoiseSchedule Schedule(bool inFloat32)
    {
        var config = Goldens.Part(JsonName, "cases").EnumerateObject().First().Value.GetProperty("config");
        return new() { Start = config.GetProperty("beta_start").GetDouble(), End = config.GetProperty("beta_end").GetDouble(), Count = config.GetProperty("num_train_timesteps").GetInt32(), InFloat32 = inFloat32 };
    }

    private static void AssertRelative(Tensor expected, IReadOnlyList<double> actual, double tolerance, string what)
    {
        var values = expected.to(ScalarType.Float64).data<double>().ToArray();
        Assert.True(values.Length == actual.Count, $"{what}: {actual.Count} values, expected {values.Length}");
        for (var i = 0; i < values.Length; i++)
        {
            Assert.True(Math.Abs(values[i] - actual[i]) <= tolerance * Math.Abs(values[i]), $"{what}[{i}]: expected {values[i]:R}, got {actual[i]:R}");
        }
    }
}
