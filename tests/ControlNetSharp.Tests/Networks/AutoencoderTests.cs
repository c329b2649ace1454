using System.Globalization;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

public class AutoencoderTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Files => Goldens.Files("vae_*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void EncodeAndDecode_WithTheGoldensWeights_GiveItsOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var config = golden.Config;
        using var autoencoder = GoldenNetworks.Fill(
            new Autoencoder(
                new AutoencoderParams
                {
                    Channels = config.GetProperty("ch").GetInt32(),
                    Multipliers = [.. config.GetProperty("ch_mult").EnumerateArray().Select(m => m.GetInt32())],
                    ResidualBlocks = config.GetProperty("num_res_blocks").GetInt32(),
                    LatentChannels = config.GetProperty("z_channels").GetInt32(),
                    ScaleFactor = golden.Metadata.TryGetValue("scale_factor", out var factor) ? double.Parse(factor, CultureInfo.InvariantCulture) : 0.18215,
                },
                Placement.Cpu32),
            golden.Weights("first_stage_model."),
            "first_stage_model.");

        var inner = Recorded(autoencoder, golden.Entries.Keys.Where(key => key.StartsWith("inter.", StringComparison.Ordinal)).Append("moments"));
        var (mean, logVariance) = autoencoder.Encode(golden["in.image"]);
        golden.AssertClose("mean", mean, Tolerance);
        golden.AssertClose("logvar", logVariance, Tolerance);
        var sample = mean + (logVariance * 0.5).exp() * golden["in.posterior_noise"];
        golden.AssertClose("sample", sample, Tolerance);
        golden.AssertClose("latent_scaled", sample * autoencoder.Params.ScaleFactor, Tolerance);
        golden.AssertClose("std", (logVariance * 0.5).exp(), Tolerance);
        golden.AssertClose("mode", mean, Tolerance);
        golden.AssertClose("decoded_z", autoencoder.Decode(golden["in.z"] / autoencoder.Params.ScaleFactor), Tolerance);
        foreach (var (key, value) in inner)
        {
            golden.AssertClose(key, value, Tolerance);
        }

        golden.AssertClose("decoded_mode", autoencoder.Decode(mean), Tolerance);

        if (golden.Expects("clamp.moments"))
        {
            var (_, clamped) = Autoencoder.Split(golden["clamp.moments"]);
            golden.AssertClose("clamp.logvar", clamped, Tolerance);
            using var deviation = golden["clamp.std"];
            Assert.All(
                deviation.data<float>().Zip((clamped * 0.5).exp().contiguous().data<float>()),
                pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-5 * Math.Abs(pair.First), $"{file}: clamp.std: expected {pair.First}, got {pair.Second}"));
        }

        golden.AssertAllRead();
    }

    /// <summary>What comes out of layers, under the goldens' names; filled while the network runs the first time.</summary>
    private static Dictionary<string, Tensor> Recorded(Autoencoder autoencoder, IEnumerable<string> keys)
    {
        var (modules, values) = (autoencoder.named_modules().ToDictionary(m => m.name, m => m.module), new Dictionary<string, Tensor>());
        foreach (var key in keys)
        {
            var name = key switch
            {
                "moments" => "quant_conv",
                "inter.encoder.out" => "encoder",
                "inter.post_quant" => "post_quant_conv",
                _ => key["inter.".Length..],
            };
            ((nn.Module<Tensor, Tensor>)modules[name]).register_forward_hook((_, _, output) =>
            {
                values.TryAdd(key, output.clone().DetachFromDisposeScope());
                return output;
            });
        }

        return values;
    }
}
