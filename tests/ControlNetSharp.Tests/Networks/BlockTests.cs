using System.Globalization;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

public class BlockTests
{
    private const string Pattern = "blocks_*.safetensors";
    private const string Input = "/in0";
    private const string TimeEmbed = "time_embed";
    private const string Sinusoids = "timestep_embedding/";
    private const string Timesteps = Sinusoids + "t";

    // Not visible in names and shapes; a file may say it in its configuration.
    private const int DefaultHeads = 4;

    public static TheoryData<string, string> Blocks =>
        Goldens.Cases(Pattern, golden => golden.Entries.Keys.Where(key => key.EndsWith(Input, StringComparison.Ordinal)).Select(key => key[..^Input.Length]).Where(name => name != TimeEmbed));

    public static TheoryData<string, string> Widths =>
        Goldens.Cases(Pattern, golden => golden.Entries.Keys.Where(key => key.StartsWith(Sinusoids, StringComparison.Ordinal) && key != Timesteps).Select(key => key[Sinusoids.Length..]));

    public static TheoryData<string> Files => Goldens.Files(Pattern);

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Forward_OfABlock_GivesTheGoldensOutput(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var weights = golden.Weights(name + ".");
        var (x, expected) = (golden[name + Input], golden[$"{name}/out"]);
        var second = golden.Has($"{name}/in1") ? golden[$"{name}/in1"] : null;
        var block = GoldenNetworks.Fill(Block(golden, name, weights, (int)x.shape[1], (int)expected.shape[1], (int)(second?.shape[^1] ?? 0), (int)x.shape[^1]), weights, name + ".");
        var actual = block switch
        {
            nn.Module<Tensor, Tensor, Tensor> two => two.call(x, second!),
            nn.Module<Tensor, Tensor> one => one.call(x),
            _ => throw new InvalidOperationException(name),
        };
        golden.AssertClose($"{name}/out", actual, name.EndsWith("_eps", StringComparison.Ordinal) ? 2e-4 : 2e-5);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Sinusoids_OfEvenAndOddWidth_GiveTheGoldensOutput(string file, string width)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        golden.AssertClose(Sinusoids + width, TimeEmbedding.Sinusoids(golden[Timesteps], int.Parse(width, CultureInfo.InvariantCulture)), 2e-5);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void TimeEmbedding_OfTheGoldensTimesteps_GivesItsOutput(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var width = (int)golden.Required(TimeEmbed + Input).shape[1];
        var embedding = GoldenNetworks.Fill(new TimeEmbedding(width, Placement.Cpu32), golden.Weights(TimeEmbed + "."), TimeEmbed + ".");
        golden.AssertClose(TimeEmbed + Input, TimeEmbedding.Sinusoids(golden[Timesteps], width), 2e-5);
        golden.AssertClose(TimeEmbed + "/out", embedding.Forward(golden[Timesteps], ScalarType.Float32), 2e-5);
    }

    /// <summary>The block that a case is named after, in the shape that its weights and inputs have.</summary>
    private static nn.Module Block(GoldenFile golden, string name, Dictionary<string, Tensor> weights, int channels, int channelsOut, int secondWidth, int lastWidth)
    {
        bool Is(string kind) => name.StartsWith(kind, StringComparison.Ordinal);
        var cpu = Placement.Cpu32;
        const int groups = 32;
        return name switch
        {
            _ when Is("resblock") => new ResidualBlock(channels, channelsOut, secondWidth, groups, cpu),
            _ when Is("spatial") => new SpatialTransformer(channels, secondWidth, Heads(golden), Depth(name, weights), weights[$"{name}.proj_in.weight"].dim() == 2, groups, cpu),
            _ when Is("geglu") => new FeedForward(lastWidth, cpu),
            _ when Is("layernorm") => new LayerNormLayer(lastWidth, 1e-5, cpu),
            _ when Is("unet_down") => new DownsampleLayer(channels, cpu),
            _ when Is("vae_down") => new AutoencoderDownsampleLayer(channels, cpu),
            _ when Is("unet_up") || Is("vae_up") => new UpsampleLayer(channels, cpu),
            _ when Is("vae_res") => new AutoencoderResidualBlock(channels, channelsOut, groups, cpu),
            _ when Is("vae_attn") => new AutoencoderAttention(channels, groups, cpu),
            _ => throw new InvalidOperationException($"{golden.Name}: no block here is called '{name}'."),
        };
    }

    private static int Depth(string name, Dictionary<string, Tensor> weights) =>
        Enumerable.Range(0, weights.Count).TakeWhile(i => weights.ContainsKey($"{name}.transformer_blocks.{i}.norm1.weight")).Count();

    private static int Heads(GoldenFile golden) =>
        golden.Metadata.ContainsKey("config") && golden.Config.TryGetProperty("heads", out var heads) ? heads.GetInt32() : DefaultHeads;
}
