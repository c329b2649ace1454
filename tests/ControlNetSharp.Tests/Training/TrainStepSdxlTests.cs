using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Networks.Controls;
using ControlNetSharp.Training;
using Xunit;
using static ControlNetSharp.Tests.Training.TrainSteps;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace ControlNetSharp.Tests.Training;

/// <summary>Three training steps of an SDXL ControlNet by diffusers, with and without clipping.</summary>
public class TrainStepSdxlTests
{
    private const string ConfigKey = "config";
    private const string UNetPrefix = "unet.";
    private const string ControlPrefix = "controlnet.";

    private static readonly string[] ZeroStart = ["controlnet_down_blocks.", "controlnet_mid_block.", "controlnet_cond_embedding.conv_out."];

    /// <summary>The groups of gradients by what begins the names of their parameters.</summary>
    private static readonly (string Group, string[] Beginnings)[] Groups =
    [
        ("zero_convs", ["controlnet_down_blocks."]),
        ("middle_block_out", ["controlnet_mid_block."]),
        ("hint_conv_out", ["controlnet_cond_embedding.conv_out."]),
        ("hint_rest", ["controlnet_cond_embedding.conv_in.", "controlnet_cond_embedding.blocks."]),
        ("down_blocks", ["down_blocks."]),
        ("mid_block", ["mid_block."]),
        ("conv_in", ["conv_in."]),
        ("time_embedding", ["time_embedding."]),
        ("add_embedding", ["add_embedding."]),
    ];

    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (var file in Files(ConfigKey).Select(row => row.Data))
            {
                foreach (var name in Goldens.Names(Path.ChangeExtension(file, ".json"), "lr").DefaultIfEmpty(""))
                {
                    data.Add(file, name, false);
                    data.Add(file, name, true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ThreeSteps_GiveTheReferencesLossesGradientsAndParameters(string file, string name, bool checkpointing)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var json = Goldens.Json(Path.ChangeExtension(file, ".json"));
        var (rate, clip) = RateAndClip(name);
        var (denoiser, parameters) = Networks(json, file);
        denoiser.Checkpointing = checkpointing;
        var names = json.GetProperty("control_parameter_names").EnumerateArray().Select(n => n.GetString()!).ToArray();
        Assert.Equal(names.Order(StringComparer.Ordinal), parameters.Keys.Order(StringComparer.Ordinal));
        var vector = GoldenShapes.Vector(golden, denoiser.UNet.Params);
        Tensor Loss(TrainableDenoiser by) => new DiffusionLoss().Of(
            (noisy, timesteps) => by.Predict(noisy, timesteps, golden["in.context"], golden["in.hint"], vector),
            golden["in.z"],
            golden["in.noise"],
            golden["in.timesteps"]);

        using var optimizer = new AdamW(names.Select(n => parameters[n]), new AdamWOptions());
        var explained = new Dictionary<string, ExplainedDifference>(StringComparer.Ordinal);
        foreach (var expected in json.GetProperty("lr").GetProperty(name).EnumerateArray())
        {
            using var stepScope = NewDisposeScope();
            var step = expected.GetProperty("step").GetInt32();
            var (what, prefix, tolerance) = ($"{name} step {step}", $"{name}/step{step}/", step == 1 ? 1e-4 : 1e-3);
            var loss = Loss(denoiser);
            AssertRelative(expected.GetProperty("loss").GetDouble(), loss.item<float>(), 1e-5, $"{what} loss");
            if (step == 1)
            {
                using var _ = no_grad();
                Assert.Equal(Loss(new(denoiser.UNet, null, TrainingTarget.UNet, ScalarType.Float32)).item<float>(), loss.item<float>());
            }

            loss.backward();
            AssertGroups(expected, names, n => parameters[n].grad!, tolerance, what);
            AssertNorms(golden[prefix + "grad_norms"], names, n => parameters[n].grad!, tolerance, $"{what} gradient of");
            var reached = json.GetProperty("checks").GetProperty("nonzero_gradients").GetProperty(name)[step - 1].GetInt32();
            Assert.Equal(reached, names.Count(n => parameters[n].grad!.abs().max().item<float>() > 0));
            foreach (var key in golden.Entries.Keys.Where(k => k.StartsWith(prefix + "grad/", StringComparison.Ordinal)))
            {
                var (e, parameter) = (golden[key], key[(prefix.Length + "grad/".Length)..]);
                Goldens.AssertClose(e, parameters[parameter].grad!, 1e-3 * Math.Max(Goldens.Amplitude(e), 1e-9), key);
                explained.TryAdd(parameter, new ExplainedDifference(rate));
                explained[parameter].Add(Numbers(e), Numbers(parameters[parameter].grad!));
            }

            AssertRelative(expected.GetProperty("total_grad_norm").GetDouble(), optimizer.Step(rate, clip), tolerance, $"{what} norm of all");
            AssertNorms(golden[prefix + "param_norms"], names, n => parameters[n], 1e-4, what);
            foreach (var key in golden.Entries.Keys.Where(k => k.StartsWith(prefix + "param/", StringComparison.Ordinal)))
            {
                var parameter = key[(prefix.Length + "param/".Length)..];
                explained[parameter].AssertExplains(Numbers(golden[key]), Numbers(parameters[parameter]), key);
            }
        }

        Assert.All(denoiser.UNet.parameters(), p => Assert.Null(p.grad));
    }

    private static void AssertGroups(JsonElement expected, string[] names, Func<string, Tensor> gradient, double tolerance, string what)
    {
        foreach (var (group, beginnings) in Groups)
        {
            var squares = names.Where(n => beginnings.Any(b => n.StartsWith(ControlPrefix + b, StringComparison.Ordinal)))
                .Sum(n => gradient(n).to(ScalarType.Float64).square().sum().item<double>());
            AssertRelative(expected.GetProperty($"grad_norm_{group}").GetDouble(), Math.Sqrt(squares), tolerance, $"{what} {group}");
        }
    }

    /// <summary>The two numbers of a name such as <c>lr0.001_clip0.4</c>.</summary>
    private static (double Rate, double? Clip) RateAndClip(string name)
    {
        var parts = name["lr".Length..].Split("_clip");
        double Number(int part) => double.Parse(parts[part], CultureInfo.InvariantCulture);
        return (Number(0), parts.Length > 1 ? Number(1) : null);
    }

    /// <summary>The networks at their start, and the ControlNet's parameters by their names in diffusers.</summary>
    private static (TrainableDenoiser Denoiser, Dictionary<string, Parameter> Parameters) Networks(JsonElement json, string file)
    {
        var (config, seed) = (json.GetProperty(ConfigKey), json.GetProperty("weights_seed").GetUInt32());
        var overrides = json.GetProperty("overrides").EnumerateArray().Select(o => (o[0].GetString()!, o[1].GetSingle())).ToArray();
        var shapes = Goldens.Manifest(Path.ChangeExtension(file, ".keys.json")).EnumerateObject()
            .ToDictionary(key => key.Name, key => key.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray());
        Dictionary<string, string> ByLdmName(IEnumerable<string> named, string prefix)
        {
            var names = named.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n[prefix.Length..]).ToList();
            var map = UNetKeys.OfDiffusers(names);
            return names.ToDictionary(n => map.ToLdm(n)!, n => prefix + n);
        }

        var unetNames = ByLdmName(shapes.Keys, UNetPrefix);
        var weights = unetNames.ToDictionary(n => n.Key, n => FormulaWeights.Make(n.Value, shapes[n.Value], seed));
        var metadata = new CheckpointMetadata { HeadWidth = config.GetProperty("block_out_channels")[0].GetInt32() / config.GetProperty("attention_head_dim")[0].GetInt32() };
        var unet = GoldenNetworks.Fill(new UNet(NetworkShapes.UNet(GoldenShapes.ShapesOf(weights), metadata), Placement.Cpu32), weights, "");
        var (controlNet, fresh) = TrainableCopy.Of(unet, seed: 1, Placement.Cpu32);
        // What is a copy has no formula, and no row among the shapes.
        var controlNames = ByLdmName(json.GetProperty("control_parameter_names").EnumerateArray().Select(n => n.GetString()!), ControlPrefix);
        using (no_grad())
        {
            foreach (var (name, parameter) in controlNet.named_parameters().Where(p => fresh.Contains(p.name)))
            {
                if (ZeroStart.Any(beginning => controlNames[name].StartsWith(ControlPrefix + beginning, StringComparison.Ordinal)))
                {
                    Assert.Equal(0, parameter.abs().max().item<float>());
                }
                else
                {
                    parameter.copy_(FormulaWeights.Make(controlNames[name], parameter.shape, seed, overrides: overrides));
                }
            }
        }

        return (
            new TrainableDenoiser(unet, controlNet, TrainingTarget.ControlNet, ScalarType.Float32),
            controlNet.named_parameters().ToDictionary(p => controlNames[p.name], p => p.parameter)
        );
    }
}
