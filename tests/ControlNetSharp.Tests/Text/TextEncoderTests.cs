using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Text;

public class TextEncoderTests
{
    private const double Tolerance = 5e-5;
    private const string ClipPrefix = "cond_stage_model.transformer.";
    private const string OpenClipPrefix = "cond_stage_model.model.";

    public static TheoryData<string> Files => Goldens.Files("clip_text_*.safetensors", "openclip_text_*.safetensors");

    public static TheoryData<ScalarType> Dtypes => [ScalarType.Float32, ScalarType.BFloat16];

    [Theory]
    [MemberData(nameof(Files))]
    public void Encoder_WithTheGoldensWeights_GivesItsOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var encoder = Encoder(golden, Placement.Cpu32);
        var tokens = golden["in.tokens"];

        foreach (var (index, state) in encoder.HiddenStates(tokens).Index())
        {
            AssertClose(golden, $"hidden.{index}", state);
        }

        Assert.False(golden.Has($"hidden.{encoder.Params.Layers + 1}"));
        var last = encoder.Encode(tokens, 1);
        AssertClose(golden, "last", last);
        AssertClose(golden, "penultimate_raw", encoder.HiddenStates(tokens)[^2]);
        AssertClose(golden, "penultimate_ln", encoder.Encode(tokens, 2));
        AssertClose(golden, "pooled", TextTransformer.AtEndToken(tokens, last));
        AssertClose(golden, "pooled_projected", encoder.Pool(tokens, last));
        AssertClose(golden, encoder is OpenClipTextEncoder ? "penultimate_ln" : "last", encoder.Encode(tokens));
        golden.AssertAllRead();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Encoder_InBfloat16_StaysNearFloat32(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var encoded = Encoder(golden, Placement.Cpu32 with { Dtype = ScalarType.BFloat16 }).Encode(golden["in.tokens"], 1);
        Assert.Equal(ScalarType.BFloat16, encoded.dtype);
        var expected = golden["last"];
        // bfloat16 has 8 significant bits; a handful of blocks lose about three of them.
        Goldens.AssertClose(expected, encoded, 0.03 * Math.Max(1, Goldens.Amplitude(expected)), file);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Encode_WithOneTokenChanged_ChangesNothingBeforeIt(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var encoder = Encoder(golden, Placement.Cpu32);
        var tokens = golden["in.tokens"];
        var changed = tokens.clone();
        changed[.., 5] = (changed[.., 5] + 1).remainder(encoder.Params.VocabularySize);
        var difference = (encoder.Encode(tokens) - encoder.Encode(changed)).abs().amax([0, 2]);
        Assert.True(difference[..5].max().item<float>() < 1e-6);
        Assert.True(difference[5].item<float>() > 1e-3);
    }

    [Theory]
    [MemberData(nameof(Dtypes))]
    public void Encode_InTraining_GivesGradientsToEveryWeight(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var p = new TextEncoderParams { Width = 48, Layers = 3, Heads = 4, VocabularySize = 60, PadToken = 59 };
        var placement = Placement.Cpu32 with { Dtype = dtype };
        foreach (var encoder in new nn.Module[] { new ClipTextEncoder(p, placement), new OpenClipTextEncoder(p, placement) })
        {
            Randomise(encoder);
            var tokens = arange(0, 60).unsqueeze(0);
            var encoded = ((ITextEncoder)encoder).Encode(tokens);
            Assert.Equal(dtype, encoded.dtype);
            (encoded * randn_like(encoded)).sum().backward();
            foreach (var (name, parameter) in encoder.named_parameters())
            {
                Assert.True(parameter.grad is not null, $"{name} has no gradient");
                Assert.True(parameter.grad.isfinite().all().item<bool>(), $"{name}: the gradient is not finite");
                // A bias of the keys moves all scores of a query alike, which softmax does not see.
                Assert.True(name.EndsWith("k_proj.bias", StringComparison.Ordinal) || parameter.grad.abs().max().to(ScalarType.Float32).item<float>() > 0, $"{name}: the gradient is zero");
            }

            encoder.Dispose();
        }
    }

    [Fact]
    public void Encode_LeavesNothingBehindButItsResult()
    {
        using var golden = Goldens.Open("clip_text_tiny.safetensors");
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var encoder = Encoder(golden, Placement.Cpu32);
        var tokens = golden["in.tokens"];
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        encoder.Encode(tokens).Dispose();
        foreach (var state in encoder.HiddenStates(tokens))
        {
            state.Dispose();
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(golden.Entries["in.tokens"].Shape, tokens.shape);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Encode_WithAClipSkipThatIsNoBlock_NamesTheRange(bool tooLarge)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open("clip_text_tiny.safetensors");
        var encoder = Encoder(golden, Placement.Cpu32);
        var skip = tooLarge ? encoder.Params.Layers + 1 : 0;
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => encoder.Encode(golden["in.tokens"], skip));
        Assert.Contains($"from 1 to {encoder.Params.Layers}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_OfTokensInAnotherShapeOrType_SaysWhatIsNeeded()
    {
        using var scope = NewDisposeScope();
        using var encoder = new ClipTextEncoder(new TextEncoderParams { Width = 8, Layers = 1, Heads = 2, VocabularySize = 10 }, Placement.Cpu32);
        Assert.Contains("int64", Assert.Throws<ArgumentException>(() => encoder.Encode(zeros(1, 77))).Message, StringComparison.Ordinal);
        Assert.Contains("[1, 78]", Assert.Throws<ArgumentException>(() => encoder.Encode(zeros([1, 78], ScalarType.Int64))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void EncodePooled_AsSdxlHasIt_GivesTheLastButOneBlockUnnormed_AndTheProjectedVector(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var tokens = golden["in.tokens"];
        var (features, pooled) = Encoder(golden, Placement.Cpu32, p => p with { DefaultClipSkip = 2, NormsConditioning = false }).EncodePooled(tokens);
        AssertClose(golden, "penultimate_raw", features);
        AssertClose(golden, "pooled_projected", pooled);
        AssertClose(golden, "penultimate_raw", Encoder(golden, Placement.Cpu32, p => p with { DefaultClipSkip = 2, NormsConditioning = false }).Encode(tokens));
        (features, pooled) = Encoder(golden, Placement.Cpu32).EncodePooled(tokens, 1);
        AssertClose(golden, "last", features);
        AssertClose(golden, "pooled_projected", pooled);
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => Encoder(golden, Placement.Cpu32).EncodePooled(tokens, 99));
        Assert.Contains("Clip skip must be from 1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key_manifest_sd15_ldm.json", ClipPrefix)]
    [InlineData("key_manifest_sd21_ldm.json", OpenClipPrefix)]
    [InlineData("key_manifest_clip_vit_l14_text_hf.json", "")]
    [InlineData("key_manifest_openclip_h_text_hf.json", "")]
    [InlineData("key_manifest_sdxl_ldm.json", "conditioner.embedders.0.transformer.")]
    [InlineData("key_manifest_sdxl_ldm.json", "conditioner.embedders.1.model.")]
    public void Encoder_InferredFromAManifest_HasItsNamesAndShapes(string file, string prefix)
    {
        var listed = Manifest(file, prefix);
        Assert.SkipWhen(listed.Count == 0 && Goldens.IsOverride, $"The golden file {file} has no names with '{prefix}'.");
        // The buffer of positions is no weight.
        var expected = listed.Where(pair => !pair.Key.EndsWith("position_ids", StringComparison.Ordinal)).ToDictionary();
        // Heads are not visible in names and shapes; widths of another folder need not be multiples of 64.
        var p = TextEncoderParams.Infer(expected, Goldens.IsOverride ? 1 : null);
        var transformers = expected.Keys.Any(name => name.StartsWith("text_model.", StringComparison.Ordinal));
        using nn.Module encoder = transformers ? new ClipTextEncoder(p, Placement.Meta) : new OpenClipTextEncoder(p, Placement.Meta);
        Assert.Equal(Lines(expected), Lines(encoder.named_parameters().ToDictionary(pair => pair.name, pair => (IReadOnlyList<long>)pair.parameter.shape)));
        Assert.Empty(encoder.named_buffers());
    }

    [Fact]
    public void Infer_FromTheStableDiffusionManifests_GivesTheirPresets()
    {
        Goldens.RequireDefaultFolder();
        Assert.Equal(TextEncoderParams.ClipL, TextEncoderParams.Infer(Manifest("key_manifest_sd15_ldm.json", ClipPrefix)));
        Assert.Equal(TextEncoderParams.OpenClipH, TextEncoderParams.Infer(Manifest("key_manifest_sd21_ldm.json", OpenClipPrefix)));

        // The same weights in transformers' layout: without the skipped block, so that its last one counts.
        Assert.Equal(
            TextEncoderParams.OpenClipH with { Layers = 23, ProjectionWidth = null, HasLogitScale = false, DefaultClipSkip = 1 },
            TextEncoderParams.Infer(Manifest("key_manifest_openclip_h_text_hf.json", "")));
    }

    [Fact]
    public void Infer_OfASmallEncoder_TakesTheHeadsThatItIsGiven()
    {
        var p = new TextEncoderParams { Width = 96, Layers = 2, Heads = 4, VocabularySize = 50, ContextLength = 20, PadToken = 49 };
        using var encoder = new ClipTextEncoder(p, Placement.Meta);
        var shapes = encoder.named_parameters().ToDictionary(pair => pair.name, pair => (IReadOnlyList<long>)pair.parameter.shape);
        Assert.Equal(p, TextEncoderParams.Infer(shapes, 4));
        Assert.Contains("96", Assert.Throws<ArgumentException>(() => TextEncoderParams.Infer(shapes)).Message, StringComparison.Ordinal);
        Assert.Contains("96", Assert.Throws<ArgumentException>(() => TextEncoderParams.Infer(shapes, 5)).Message, StringComparison.Ordinal);
        shapes.Remove("text_model.embeddings.position_embedding.weight");
        Assert.Contains("position_embedding", Assert.Throws<ArgumentException>(() => TextEncoderParams.Infer(shapes, 4)).Message, StringComparison.Ordinal);
    }

    private static ITextEncoder Encoder(GoldenFile golden, Placement placement, Func<TextEncoderParams, TextEncoderParams>? change = null)
    {
        var openClip = golden.Name.StartsWith("openclip", StringComparison.Ordinal);
        var prefix = openClip ? OpenClipPrefix : "";
        var weights = golden.Weights(openClip ? prefix : "text_");
        var shapes = weights.ToDictionary(pair => pair.Key[prefix.Length..], pair => (IReadOnlyList<long>)pair.Value.shape);
        var p = TextEncoderParams.Infer(shapes, golden.Config.GetProperty("heads").GetInt32()) with
        {
            Activation = golden.Metadata["act"] == "gelu" ? TextActivation.Gelu : TextActivation.QuickGelu,
        };
        Assert.Equal(golden.Config.GetProperty("layers").GetInt32(), p.Layers);
        p = change?.Invoke(p) ?? p;
        return openClip ? GoldenNetworks.Fill(new OpenClipTextEncoder(p, placement), weights, prefix) : GoldenNetworks.Fill(new ClipTextEncoder(p, placement), weights, prefix);
    }

    private static void AssertClose(GoldenFile golden, string tensor, Tensor actual) => Goldens.AssertClose(golden[tensor], actual, Tolerance, $"{golden.Name}: {tensor}");

    private static Dictionary<string, IReadOnlyList<long>> Manifest(string file, string prefix) => Goldens.Json(file).GetProperty("keys").EnumerateObject()
        .Where(key => key.Name.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(key => key.Name[prefix.Length..], key => (IReadOnlyList<long>)[.. key.Value.EnumerateArray().Select(size => size.GetInt64())]);

    private static IEnumerable<string> Lines(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        shapes.Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value)}]").Order(StringComparer.Ordinal);

    private static void Randomise(nn.Module module)
    {
        random.manual_seed(3);
        using (no_grad())
        {
            foreach (var parameter in module.parameters())
            {
                parameter.normal_(0, 0.3);
            }
        }

        foreach (var parameter in module.parameters())
        {
            parameter.requires_grad = true;
        }
    }
}
