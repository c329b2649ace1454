using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using Xunit;
using static ControlNetSharp.Tests.Training.TrainSteps;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>Three training steps of the original, with its gradients and parameters.</summary>
public class TrainStepTests
{
    private const string ConfigKey = "unet_and_control_config";
    private static readonly string[] ZeroStart = ["zero_convs.", "middle_block_out.", "input_hint_block.14."];

    public static TheoryData<string, bool> CheckpointedFiles
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var row in TrainSteps.Files(ConfigKey))
            {
                data.Add(row.Data, false);
                data.Add(row.Data, true);
            }

            return data;
        }
    }

    public static TheoryData<string, string, bool> CheckpointedCases
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (var row in Cases)
            {
                var (file, rate) = row.Data;
                data.Add(file, rate, false);
                data.Add(file, rate, true);
            }

            return data;
        }
    }

    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var row in TrainSteps.Files(ConfigKey))
            {
                if (!File.Exists(Goldens.PathOf(Path.ChangeExtension(row.Data, ".json"))))
                {
                    data.Add(Path.ChangeExtension(row.Data, ".json"), "");
                    continue;
                }

                foreach (var rate in Goldens.Json(Path.ChangeExtension(row.Data, ".json")).GetProperty("lr").EnumerateObject())
                {
                    data.Add(row.Data, rate.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(CheckpointedCases))]
    public void ThreeSteps_GiveTheOriginalsLossesGradientsAndParameters(string file, string rate, bool checkpointing)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var json = Goldens.Json(Path.ChangeExtension(file, ".json"));
        var (unet, controlNet) = Networks(json);
        (unet.Checkpointing, controlNet.Checkpointing) = (checkpointing, checkpointing);
        var names = json.GetProperty("control_parameter_names").EnumerateArray().Select(n => n.GetString()!).ToArray();
        var parameters = controlNet.named_parameters().ToDictionary(p => "control_model." + p.name, p => p.parameter);
        Assert.Equal(names.Order(StringComparer.Ordinal), parameters.Keys.Order(StringComparer.Ordinal));
        using var optimizer = new AdamW(names.Select(n => parameters[n]), new AdamWOptions());
        var learningRate = double.Parse(rate, CultureInfo.InvariantCulture);
        var context = golden["in.context"];
        var explained = new Dictionary<string, ExplainedDifference>(StringComparer.Ordinal);
        foreach (var expected in json.GetProperty("lr").GetProperty(rate).EnumerateArray())
        {
            var step = expected.GetProperty("step").GetInt32();
            var tolerance = step == 1 ? 1e-4 : 1e-3;
            using var stepScope = NewDisposeScope();
            var loss = Loss(golden, unet, controlNet, context);
            AssertRelative(expected.GetProperty("loss").GetDouble(), loss.item<float>(), 1e-5, $"{rate} step {step} loss");
            loss.backward();
            var norms = names.ToDictionary(n => n["control_model.".Length..], n => parameters[n].grad!.to(ScalarType.Float64).norm().item<double>());
            foreach (var (group, belongs) in Groups)
            {
                AssertRelative(expected.GetProperty($"grad_norm_{group}").GetDouble(), Math.Sqrt(norms.Where(n => belongs(n.Key)).Sum(n => n.Value * n.Value)), tolerance, $"{rate} step {step} {group}");
            }

            var prefix = $"lr{rate}/step{step}/";
            AssertNorms(golden[prefix + "grad_norms"], names, n => parameters[n].grad!, tolerance, $"{rate} step {step} gradient of");
            foreach (var key in golden.Entries.Keys.Where(k => k.StartsWith(prefix + "grad/", StringComparison.Ordinal)))
            {
                var e = golden[key];
                var name = key[(prefix.Length + 5)..];
                Goldens.AssertClose(e, parameters[name].grad!, 1e-3 * Math.Max(Goldens.Amplitude(e), 1e-9), key);
                explained.TryAdd(name, new ExplainedDifference(learningRate));
                explained[name].Add(Numbers(e), Numbers(parameters[name].grad!));
            }

            optimizer.Step(learningRate);
            AssertNorms(golden[prefix + "param_norms"], names, n => parameters[n], 1e-4, $"{rate} step {step}");
            foreach (var key in golden.Entries.Keys.Where(k => k.StartsWith(prefix + "param/", StringComparison.Ordinal)))
            {
                var name = key[(prefix.Length + 6)..];
                explained[name].AssertExplains(Numbers(golden[key]), Numbers(parameters[name]), key);
            }
        }

        Assert.All(unet.parameters(), p => Assert.Null(p.grad));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AdamW_GivenTheOriginalsGradients_GivesItsParameters(string file, string rate)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var (_, controlNet) = Networks(Goldens.Json(Path.ChangeExtension(file, ".json")));
        var learningRate = double.Parse(rate, CultureInfo.InvariantCulture);
        foreach (var (name, parameter) in controlNet.named_parameters())
        {
            using var optimizer = new AdamW([parameter], new AdamWOptions());
            for (var step = 1; golden.Has($"lr{rate}/step{step}/param/control_model.{name}"); step++)
            {
                var prefix = $"lr{rate}/step{step}/";
                using (no_grad())
                {
                    parameter.grad!.copy_(golden[$"{prefix}grad/control_model.{name}"]);
                }

                optimizer.Step(learningRate);
                var expected = golden[$"{prefix}param/control_model.{name}"];
                // A ten-thousandth of a step: the reference rounds its float32 formula in another order.
                Goldens.AssertClose(expected, parameter, 1e-6 * Goldens.Amplitude(expected) + 1e-4 * learningRate, $"{prefix}{name}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(CheckpointedFiles))]
    public void ThreeSteps_WithTheDecoderUnlocked_GiveTheOriginalsLossesGradientsAndParameters(string file, bool checkpointing)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var json = Goldens.Json(Path.ChangeExtension(file, ".json"));
        var unlocked = json.GetProperty("sd_unlocked");
        var (unet, controlNet) = Networks(json);
        (unet.Checkpointing, controlNet.Checkpointing) = (checkpointing, checkpointing);
        var decoder = json.GetProperty("unet_decoder_parameter_names").EnumerateArray().Select(n => n.GetString()!).ToArray();
        var parameters = controlNet.named_parameters().Select(p => (Name: "control_model." + p.name, p.parameter))
            .Concat(unet.named_parameters().Select(p => (Name: "model.diffusion_model." + p.name, p.parameter)).Where(p => decoder.Contains(p.Name)))
            .ToDictionary(p => p.Name, p => p.parameter);
        Assert.All(decoder, name => Assert.True(parameters.ContainsKey(name), name));
        using var optimizer = new AdamW(parameters.Values, new AdamWOptions());
        var context = golden["in.context"];
        foreach (var (step, expected) in unlocked.GetProperty("loss").EnumerateArray().Index())
        {
            using var stepScope = NewDisposeScope();
            var loss = Loss(golden, unet, controlNet, context);
            AssertRelative(expected.GetDouble(), loss.item<float>(), step == 0 ? 1e-5 : 1e-4, $"step {step + 1} loss");
            loss.backward();
            if (step == 0 && golden.Expects("unet_decoder_grad_norms_step1"))
            {
                AssertNorms(golden["unet_decoder_grad_norms_step1"], decoder, n => parameters[n].grad!, 1e-4, "gradient of");
                var withoutGradient = json.GetProperty("lr").EnumerateObject().First().Value[0].GetProperty("unet_without_grad").GetInt32();
                Assert.Equal(withoutGradient, unet.parameters().Count(p => p.grad is null));
            }

            optimizer.Step(unlocked.GetProperty("lr").GetDouble());
        }

        foreach (var norm in unlocked.GetProperty("param_norms_after_3").EnumerateObject())
        {
            AssertRelative(norm.Value.GetDouble(), parameters[norm.Name].to(ScalarType.Float64).norm().item<double>(), 1e-4, norm.Name);
        }
    }

    private static Tensor Loss(GoldenFile golden, UNet unet, ControlNet controlNet, Tensor context) => new DiffusionLoss().Of(
        (noisy, t) => unet.Forward(noisy, t, context, controlNet.Forward(noisy, t, context, controlNet.EncodeHint(golden["in.hint"]))),
        golden["in.z"],
        golden["in.noise"],
        golden["in.timesteps"]);

    private static IEnumerable<(string Name, Func<string, bool> Belongs)> Groups =>
    [
        ("zero_convs", n => n.StartsWith("zero_convs.", StringComparison.Ordinal)),
        ("middle_block_out", n => n.StartsWith("middle_block_out.", StringComparison.Ordinal)),
        ("input_hint_block_14", n => n.StartsWith("input_hint_block.14.", StringComparison.Ordinal)),
        ("input_hint_block_0_to_12", n => n.StartsWith("input_hint_block.", StringComparison.Ordinal) && !n.StartsWith("input_hint_block.14.", StringComparison.Ordinal)),
        ("input_blocks", n => n.StartsWith("input_blocks.", StringComparison.Ordinal)),
        ("middle_block", n => n.StartsWith("middle_block.", StringComparison.Ordinal)),
        ("time_embed", n => n.StartsWith("time_embed.", StringComparison.Ordinal)),
    ];

    private static (UNet UNet, ControlNet ControlNet) Networks(JsonElement json)
    {
        var p = GoldenNetworks.UNetParams(json.GetProperty(ConfigKey));
        var seed = json.GetProperty("weights_seed").GetUInt32();
        var unet = new UNet(p, Placement.Cpu32);
        using var _ = no_grad();
        foreach (var (name, parameter) in unet.named_parameters())
        {
            parameter.copy_(FormulaWeights.Make("model.diffusion_model." + name, parameter.shape, seed));
        }

        var (controlNet, fresh) = TrainableCopy.Of(unet, seed: 1, Placement.Cpu32);
        foreach (var (name, parameter) in controlNet.named_parameters().Where(n => fresh.Contains(n.name)))
        {
            if (ZeroStart.Any(start => name.StartsWith(start, StringComparison.Ordinal)))
            {
                Assert.Equal(0, parameter.abs().max().item<float>());
            }
            else
            {
                parameter.copy_(FormulaWeights.Make("control_model." + name, parameter.shape, seed));
            }
        }

        return (unet, controlNet);
    }
}
