using System.Globalization;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

public class BlockTests
{
    private const string File = "blocks_tiny.safetensors";

    private const int DefaultHeads = 4;

    public static TheoryData<string> Cases => Names(key => key.EndsWith("/in0", StringComparison.Ordinal) && key != "time_embed/in0" ? key[..^"/in0".Length] : null);

    public static TheoryData<string> Widths => Names(key => key.StartsWith("timestep_embedding/", StringComparison.Ordinal) && key[^1] != 't' ? key.Split('/')[1] : null);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_OfABlock_GivesTheGoldensOutput(string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(File);
        var weights = golden.Weights(name + ".");
        var x = golden[$"{name}/in0"];
        var (channels, contextOrTime) = ((int)x.shape[1], golden.Has($"{name}/in1") ? (int)golden[$"{name}/in1"].shape[^1] : 0);
        var outChannels = (int)golden[$"{name}/out"].shape[1];
        var cpu = Placement.Cpu32;
        nn.Module block = name switch
        {
            _ when name.StartsWith("resblock", StringComparison.Ordinal) => new ResidualBlock(channels, outChannels, contextOrTime, 32, cpu),
            _ when name.StartsWith("spatial", StringComparison.Ordinal) => new SpatialTransformer(channels, contextOrTime, Heads(golden), 1, name == "spatial_linear", 32, cpu),
            _ when name.StartsWith("vae_res", StringComparison.Ordinal) => new AutoencoderResidualBlock(channels, outChannels, 32, cpu),
            "geglu_ff" => new FeedForward((int)x.shape[2], cpu),
            "layernorm_eps" => new LayerNormLayer((int)x.shape[2], 1e-5, cpu),
            "unet_down" => new DownsampleLayer(channels, cpu),
            "vae_down" => new AutoencoderDownsampleLayer(channels, cpu),
            "unet_up" or "vae_up" => new UpsampleLayer(channels, cpu),
            _ => new AutoencoderAttention(channels, 32, cpu),
        };
        GoldenNetworks.Fill(block, weights, name + ".");
        var actual = block switch
        {
            nn.Module<Tensor, Tensor, Tensor> two => two.call(x, golden[$"{name}/in1"]),
            nn.Module<Tensor, Tensor> one => one.call(x),
            _ => throw new InvalidOperationException(name),
        };
        golden.AssertClose($"{name}/out", actual, name.EndsWith("_eps", StringComparison.Ordinal) ? 2e-4 : 2e-5);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Sinusoids_OfEvenAndOddWidth_GiveTheGoldensOutput(string width)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(File);
        golden.AssertClose($"timestep_embedding/{width}", TimeEmbedding.Sinusoids(golden["timestep_embedding/t"], int.Parse(width, CultureInfo.InvariantCulture)), 2e-5);
    }

    [Fact]
    public void TimeEmbedding_OfTheGoldensTimesteps_GivesItsOutput()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(File);
        var (weights, sinusoids) = (golden.Weights("time_embed."), golden["time_embed/in0"]);
        var width = (int)sinusoids.shape[1];
        var embedding = GoldenNetworks.Fill(new TimeEmbedding(width, Placement.Cpu32), weights, "time_embed.");
        golden.AssertClose("time_embed/in0", TimeEmbedding.Sinusoids(golden["timestep_embedding/t"], width), 2e-5);
        golden.AssertClose("time_embed/out", embedding.Forward(golden["timestep_embedding/t"], ScalarType.Float32), 2e-5);
    }

    private static int Heads(GoldenFile golden) =>
        golden.Metadata.ContainsKey("config") && golden.Config.TryGetProperty("heads", out var heads) ? heads.GetInt32() : DefaultHeads;

    private static TheoryData<string> Names(Func<string, string?> select)
    {
        if (!System.IO.File.Exists(Goldens.PathOf(File)))
        {
            return [""];
        }

        using var golden = Goldens.Open(File);
        return [.. golden.Entries.Keys.Select(select).OfType<string>().Order(StringComparer.Ordinal)];
    }
}
