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
                },
                Placement.Cpu32),
            golden.Weights("first_stage_model."),
            "first_stage_model.");

        var (mean, logVariance) = autoencoder.Encode(golden["in.image"]);
        golden.AssertClose("mean", mean, Tolerance);
        golden.AssertClose("logvar", logVariance, Tolerance);
        var sample = mean + (logVariance * 0.5).exp() * golden["in.posterior_noise"];
        golden.AssertClose("sample", sample, Tolerance);
        golden.AssertClose("latent_scaled", sample * autoencoder.Params.ScaleFactor, Tolerance);
        golden.AssertClose("decoded_z", autoencoder.Decode(golden["in.z"] / autoencoder.Params.ScaleFactor), Tolerance);
        golden.AssertClose("decoded_mode", autoencoder.Decode(mean), Tolerance);
    }
}
