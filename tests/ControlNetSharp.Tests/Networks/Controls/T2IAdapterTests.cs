using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Controls;

/// <summary>T2I-Adapters against the goldens: features, and the UNet that gets them.</summary>
public sealed class T2IAdapterTests : IDisposable
{
    private const double FeatureTolerance = 2e-5;
    private const double OutTolerance = 5e-5;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("t2i_adapter_*.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithTheGoldensWeights_GivesItsFeatures_AndTheUNetItsOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        foreach (var family in new[] { "sd15", "sdxl" })
        {
            using var config = System.Text.Json.JsonDocument.Parse(golden.Metadata[$"config_{family}"]);
            var metadata = family == "sd15"
                ? new CheckpointMetadata { Heads = config.RootElement.GetProperty("heads").GetInt32() }
                : new CheckpointMetadata { HeadWidth = config.RootElement.GetProperty("block_out_channels")[0].GetInt32() / config.RootElement.GetProperty("attention_head_dim")[0].GetInt32() };
            using var unet = GoldenShapes.UNet(golden, $"{family}.unet.", metadata);
            var vector = family == "sdxl" ? GoldenShapes.Vector(golden, unet.Params, "sdxl/in.") : null;
            Tensor Out(UNetAdditions additions) =>
                unet.Controlled(golden[$"{family}/in.sample"], golden[$"{family}/in.timestep"], golden[$"{family}/in.encoder_hidden_states"], additions, vector);
            golden.AssertClose($"{family}/out.no_adapter", Out(UNetAdditions.None), OutTolerance);

            var known = new Dictionary<string, UNetAdditions>();
            foreach (var name in family == "sd15" ? new[] { "full", "full_gray", "light" } : ["xl"])
            {
                using var adapter = Loaded(golden, name);
                Assert.True(adapter.Fits(unet.Params));
                var features = adapter.Forward(golden[$"{name}/in.hint"]);
                foreach (var (index, feature) in features.Index())
                {
                    golden.AssertClose($"{name}/feature.{index}", feature, FeatureTolerance);
                }

                UNetAdditions Added(double scale) => new() { Features = adapter.Params.PlacesIn(unet.Params).Zip(features).ToDictionary(pair => pair.First, pair => pair.Second * scale) };
                golden.AssertClose($"{name}/out.scale_1", Out(Added(1)), OutTolerance);
                golden.AssertClose($"{name}/out.scale_0.6", Out(Added(0.6)), OutTolerance);
                known[name] = Added(1);
            }

            if (family == "sd15")
            {
                var both = known["full"].Changed((feature, _) => feature * 0.5).Plus(known["light"].Changed((feature, _) => feature * 0.8));
                golden.AssertClose("full+light/out.weights_0.5_0.8", Out(both), OutTolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithOddSides_RoundsUp(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var adapter = Loaded(golden, "full");
        foreach (var (index, feature) in adapter.Forward(golden.Required("full_odd/in.hint")).Index())
        {
            golden.AssertClose($"full_odd/diffusers.feature.{index}", feature, FeatureTolerance);
        }
    }

    [Fact]
    public void Forward_OfAHintThatDoesNotDivide_RepeatsItsLastRowsAndColumns()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var adapter = FormulaWeights.Fill(new T2IAdapter(new() { Channels = [8, 8, 16, 16], HintChannels = 3, Unshuffle = 16, Blocks = 2 }, Placement.Cpu32), "", 5);
        var hint = rand(1, 3, 40, 72);
        var whole = cat([hint, hint.narrow(2, 39, 1).expand(-1, -1, 8, -1)], 2);
        whole = cat([whole, whole.narrow(3, 71, 1).expand(-1, -1, -1, 8)], 3);
        Assert.All(adapter.Forward(hint).Zip(adapter.Forward(whole)), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
        Assert.Equal([1, 8, 3, 5], adapter.Forward(hint)[0].shape);
    }

    [Fact]
    public void Fits_IsOfOneFamilyAndItsChannels()
    {
        var p = new T2IAdapterParams { Channels = [320, 640, 1280, 1280], HintChannels = 3, Unshuffle = 8, Blocks = 2 };
        Assert.True(p.Fits(UNetParams.Sd15));
        Assert.False(p.Fits(UNetParams.Sd21));
        Assert.False(p.Fits(UNetParams.Sdxl));
        Assert.False((p with { Channels = [320, 640, 1280, 640] }).Fits(UNetParams.Sd15));
        Assert.True((p with { Unshuffle = 16 }).Fits(UNetParams.Sdxl));
        Assert.Equal([2, 5, 8, 11], p.PlacesIn(UNetParams.Sd15));
        Assert.Equal([3, 5, 8, 9], (p with { Unshuffle = 16 }).PlacesIn(UNetParams.Sdxl));
    }

    [Theory]
    [InlineData("key_manifest_t2i_adapter_sd15_full.json", "full", "SD 1.x")]
    [InlineData("key_manifest_t2i_adapter_sd15_light.json", "light", "SD 1.x")]
    [InlineData("key_manifest_t2i_adapter_sdxl.json", "XL", "SDXL")]
    public void Open_UnderThePublishedNamesOfBothLayouts_FitsTheFamily(string manifest, string form, string family)
    {
        var keys = NamedShapes.OfManifest(manifest);
        var diffusers = Goldens.Manifest(manifest).GetProperty("diffusers_names").EnumerateObject().ToDictionary(key => key.Name, key => key.Value.GetString()!);
        foreach (var rename in new Func<string, string>[] { name => name, name => diffusers[name] })
        {
            var path = NamedShapes.Write(_folder["a.safetensors"], keys.ToDictionary(key => rename(key.Key), key => key.Value));
            using var files = CheckpointFiles.OpenAsLdm(path);
            var opened = ControlFile.Open(files);
            Assert.Equal(("T2I-Adapter", family, form), (opened.Name, opened.Family, opened.Facts[0].Value));
            using var plain = CheckpointFiles.Open(path);
            Assert.Equal(("t2i-adapter", family), CheckpointKind.Of(plain.Shapes));
            Assert.True(opened.Fits(family == "SDXL" ? UNetParams.Sdxl : UNetParams.Sd15));
        }
    }

    /// <summary>Written to a file as the original names it, and loaded from there.</summary>
    private T2IAdapter Loaded(GoldenFile golden, string name)
    {
        var prefix = name + ".";
        var path = _folder[string.Create(CultureInfo.InvariantCulture, $"{name}.safetensors")];
        SafetensorsWriter.Write(path, golden.Weights(prefix).ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value), new Dictionary<string, string>());
        return (T2IAdapter)CheckpointLoader.LoadControl(path, Placement.Cpu32);
    }
}
