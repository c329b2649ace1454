using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Networks.Controls;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Reference pictures without a network, by the rules of both programs, against the goldens.</summary>
public sealed class ReferenceTests
{
    private const string WebUi = "wui/";
    private const double FirstTolerance = 5e-5;
    private const double LaterTolerance = 3e-4;
    private const double SdxlTolerance = 1e-4;

    public static TheoryData<string, string> Cases => Goldens.Cases("reference_only_tiny*.safetensors", CasesOf);

    public static TheoryData<string, string> SdxlCases => Goldens.Cases("reference_only_sdxl_*.safetensors", CasesOf);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Additions_OverTwoSteps_GiveTheGoldensPredictions(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = GoldenShapes.UNet(golden, "unet.", new CheckpointMetadata { Heads = golden.Config.GetProperty("heads").GetInt32() });
        var run = new Case(golden, name);
        var noise = golden["in.noise"];
        var control = new AttachedReference(
            unet, [golden["in.reference_latents"]], step => noise[step].clone(), run.Params, run.Params.Fidelity, new() { Weight = run.Weight });
        var seen = new List<Tensor>();
        var hook = ((nn.Module<Tensor, Tensor>)unet.named_modules().Single(module => module.name == "input_blocks.0.0").module)
            .register_forward_hook((_, x, y) =>
            {
                seen.Add(x.clone().DetachFromDisposeScope());
                return y;
            });
        var timesteps = golden["in.timesteps"].data<long>().ToArray();
        Tensor? latents = null;
        foreach (var step in new[] { 0, 1 })
        {
            string Named(string tensor) => $"{name}/step{step + 1}/{tensor}";
            var input = golden.Required(Named("latents_in"));
            if (latents is not null)
            {
                golden.AssertClose(Named("latents_in"), latents, LaterTolerance);
            }

            var level = NoiseSchedule.StableDiffusion.LevelAt(timesteps[step]);
            var call = Call(golden, input, level, step, run.IsGuided);
            seen.Clear();
            var probe = new Probe(unet.Params);
            var prediction = unet.Controlled(call.Input, call.Timesteps, call.Context, control.Additions(call).Plus(new() { Blocks = [probe] }));
            golden.AssertClose($"reference_xt.step{step + 1}", seen[0].narrow(0, 0, 1), FirstTolerance);
            var tolerance = step == 0 ? FirstTolerance : LaterTolerance;
            golden.AssertClose(Named("noise_pred"), prediction, tolerance);
            if (golden.Has(Named("inter.mid_block")))
            {
                golden.AssertClose(Named("inter.mid_block"), probe.Middle!, tolerance);
            }

            var guided = run.IsGuided ? prediction[0] + Guidance(golden) * (prediction[1] - prediction[0]) : prediction[0];
            latents = Ddim(input, guided.unsqueeze(0), level, step == 0 ? timesteps[1] : timesteps[1] - 500);
        }

        hook.remove();
        if (golden.Has($"{name}/latents_out"))
        {
            golden.AssertClose($"{name}/latents_out", latents!, LaterTolerance);
        }
    }

    [Theory]
    [MemberData(nameof(SdxlCases))]
    public void Additions_OnSdxl_GiveTheGoldensPredictions(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var config = golden.Config;
        var width = config.GetProperty("block_out_channels")[0].GetInt32() / config.GetProperty("attention_head_dim")[0].GetInt32();
        using var unet = GoldenShapes.UNet(golden, "unet.", new CheckpointMetadata { HeadWidth = width });
        var run = new Case(golden, name);
        var control = new AttachedReference(
            unet,
            [golden["in.reference_latents"]],
            _ => golden["in.noise"].clone(),
            run.Params,
            AttachedReference.FidelityIn(ControlPasses.Both, run.Mode, run.Params, unet.Params),
            new() { Weight = run.Weight });
        var level = NoiseSchedule.StableDiffusion.LevelAt(golden["in.timestep"].item<long>());
        var input = golden["in.latents"].repeat(2, 1, 1, 1);
        var call = new UNetCall(input, golden["in.timestep"].expand(2).to(ScalarType.Float32), golden["in.encoder_hidden_states"], GoldenShapes.Vector(golden, unet.Params), 1, level, 0);
        golden.AssertClose($"{name}/noise_pred", unet.Controlled(input, call.Timesteps, call.Context, control.Additions(call), call.Vector), SdxlTolerance);
        golden.AssertClose("plain/noise_pred", unet.Controlled(input, call.Timesteps, call.Context, UNetAdditions.None, call.Vector), SdxlTolerance);
    }

    [Fact]
    public void Places_AtWeightOne_AreThoseOfTheProgramsNotes()
    {
        static ReferencePlaces Of(UNetParams model, ReferenceRule rule, double weight = 1) => ReferencePlaces.Of(model, new(true, true, 0.5, rule), weight);
        static int[] Stages(ReferencePlaces places) => [.. places.Statistics.Select(place => place.Stage).Distinct().Order()];

        // Input blocks 10 and 11, the middle, output blocks 0 to 3; diffusers' down blocks 2 and 3, the middle, up blocks 0 to 2.
        Assert.Equal([10, 11, 12, 13, 14, 15, 16], Stages(Of(UNetParams.Sd15, ReferenceRule.WebUi)));
        Assert.Equal([7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21], Stages(Of(UNetParams.Sd15, ReferenceRule.Diffusers)));
        Assert.Equal([8, 9, 10, 11, 12], Stages(Of(UNetParams.Sdxl, ReferenceRule.WebUi)));
        Assert.Equal([4, 5, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], Stages(Of(UNetParams.Sd15, ReferenceRule.WebUi, 2.1)));
        Assert.Equal((16, 70), (Of(UNetParams.Sd15, ReferenceRule.WebUi).Attention.Count, Of(UNetParams.Sdxl, ReferenceRule.WebUi).Attention.Count));
        Assert.Equal(4, Of(UNetParams.Sd15, ReferenceRule.WebUi, 0.2).Attention.Count);
        Assert.Empty(Of(UNetParams.Sd15, ReferenceRule.WebUi, 0).Statistics);
    }

    private static IEnumerable<string> CasesOf(GoldenFile golden) =>
        golden.Entries.Keys.Where(key => key.EndsWith("noise_pred", StringComparison.Ordinal) && !key.StartsWith("plain/", StringComparison.Ordinal))
            .Select(key => key[..key.LastIndexOf('/')])
            .Select(key => key.Split('/')[^1].StartsWith("step", StringComparison.Ordinal) ? key[..key.LastIndexOf('/')] : key)
            .Distinct();

    private static double Guidance(GoldenFile golden) => double.Parse(golden.Metadata["cfg"], CultureInfo.InvariantCulture);

    private static UNetCall Call(GoldenFile golden, Tensor latents, NoiseLevel level, int step, bool isGuided)
    {
        var context = isGuided ? cat([golden["in.uncond"], golden["in.cond"]], 0) : golden["in.cond"];
        var rows = context.shape[0];
        return new UNetCall(latents.repeat(rows, 1, 1, 1), full([rows], level.Timestep, dtype: ScalarType.Float32), context, null, isGuided ? 1 : 0, level, step);
    }

    /// <summary>A step without noise; below 0 lies the first timestep.</summary>
    private static Tensor Ddim(Tensor noisy, Tensor noise, NoiseLevel level, long next)
    {
        var after = NoiseSchedule.StableDiffusion.LevelAt(Math.Max(next, 0));
        return (noisy - level.Sigma * noise) / level.Alpha * after.Alpha + after.Sigma * noise;
    }

    /// <summary>The settings of a case; those of the web UI's rule have the names of diffusers' or a table of their own.</summary>
    private sealed class Case
    {
        public Case(GoldenFile golden, string name)
        {
            var isWebUi = name.StartsWith(WebUi, StringComparison.Ordinal);
            var key = isWebUi ? name[WebUi.Length..] : name;
            var tables = golden.Metadata.Where(entry => entry.Key.Contains("cases", StringComparison.Ordinal)).Select(entry => JsonDocument.Parse(entry.Value).RootElement);
            var settings = tables.Select(table => table.TryGetProperty(key, out var found) ? found : default).First(found => found.ValueKind == JsonValueKind.Object);
            double? Number(string member) => settings.TryGetProperty(member, out var value) ? value.GetDouble() : null;
            var attends = settings.GetProperty("attn").GetBoolean();
            Weight = Number("w") ?? (attends ? Number("aw") : Number("gw")) ?? 1;
            IsGuided = !(settings.TryGetProperty("nocfg", out var without) && without.GetBoolean());
            Mode = key.EndsWith("mode_prompt", StringComparison.Ordinal) ? ControlMode.Prompt : key.EndsWith("mode_control", StringComparison.Ordinal) ? ControlMode.Control : ControlMode.Balanced;
            var slider = key.Split('/')[^1].Split('_');
            var fidelity = slider[0] == "slider" ? double.Parse(slider[1], CultureInfo.InvariantCulture) : Number("f")!.Value;
            Params = new(attends, settings.GetProperty("adain").GetBoolean(), fidelity, isWebUi ? ReferenceRule.WebUi : ReferenceRule.Diffusers);
        }

        public ReferenceParams Params { get; }

        public double Weight { get; }

        public bool IsGuided { get; }

        public ControlMode Mode { get; }
    }

    /// <summary>What the middle block gives in the end.</summary>
    private sealed class Probe(UNetParams model) : IBlockControl
    {
        public Tensor? Middle { get; private set; }

        public Tensor After(StagePlace place, Tensor output)
        {
            if (place.Stage == UNetStages.Input(model).Count)
            {
                Middle = output.clone().DetachFromDisposeScope();
            }

            return output;
        }
    }
}
