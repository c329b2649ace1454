using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Vision;

/// <summary>CLIP's image encoder and what it is given, against the goldens.</summary>
public sealed class ClipVisionTests : IDisposable
{
    private const double Tolerance = 2e-5;
    private const double PixelTolerance = 0.016;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("clip_vision_*.safetensors");

    public static TheoryData<string, string> Pictures => Goldens.Cases("clip_vision_*.safetensors", golden =>
        golden.Entries.Keys.Where(key => key.StartsWith("pre.", StringComparison.Ordinal)).Select(key => key.Split('.')[1]).Distinct());

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Tokens_WithTheGoldensWeights_AreItsHiddenStates(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var encoder = Loaded(golden);
        foreach (var (prefix, pixels) in new[] { ("", golden["in.pixel_values"]), ("zero_image/", zeros(1, 3, encoder.Params.PictureSide, encoder.Params.PictureSide)) })
        {
            for (var blocks = 0; blocks <= encoder.Params.Layers; blocks++)
            {
                if (prefix.Length == 0 || golden.Has($"{prefix}hidden.{blocks}"))
                {
                    golden.AssertClose($"{prefix}hidden.{blocks}", encoder.Tokens(pixels, blocks), Tolerance);
                }
            }

            if (prefix.Length == 0 || golden.Has(prefix + "pooled"))
            {
                golden.AssertClose(prefix + "pooled", encoder.Pooled(pixels), Tolerance);
            }

            golden.AssertClose(prefix + "image_embeds", encoder.Embedding(pixels), Tolerance);
        }

        Assert.True(encoder.Penultimate(golden["in.pixel_values"]).equal(encoder.Tokens(golden["in.pixel_values"], encoder.Params.Layers - 1)).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Embedding_WithTheGoldensWeightsUnderOpenClipsNames_IsTheGoldens(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var heads = golden.Config.GetProperty("num_attention_heads").GetInt32();
        var weights = OpenClipNames(golden.Weights());
        // A whole CLIP has its texts beside them, whose names are alike.
        weights["transformer.resblocks.0.attn.in_proj_weight"] = ones(24, 8);
        weights["token_embedding.weight"] = ones(10, 8);
        weights["positional_embedding"] = ones(7, 8);
        weights["logit_scale"] = ones([]);
        var path = _folder["open_clip_model.safetensors"];
        SafetensorsWriter.Write(path, weights, new CheckpointMetadata { Heads = heads }.Write());
        using (var files = CheckpointFiles.Open(path))
        {
            Assert.Equal(("image encoder", "open_clip"), (CheckpointKind.Of(files.Shapes).Kind, CheckpointKind.LayoutOf(files.Shapes)));
        }

        using var encoder = ImageEncoderFile.Load(path, Placement.Cpu32);
        golden.AssertClose("image_embeds", encoder.Embedding(golden["in.pixel_values"]), Tolerance);
        golden.AssertClose($"hidden.{encoder.Params.Layers - 1}", encoder.Penultimate(golden["in.pixel_values"]), Tolerance);

        weights.Remove("visual.transformer.resblocks.0.mlp.c_fc.bias");
        SafetensorsWriter.Write(path, weights, new CheckpointMetadata { Heads = heads }.Write());
        var e = Assert.Throws<CheckpointException>(() => ImageEncoderFile.Read(path));
        Assert.Contains("vision_model.encoder.layers.0.mlp.fc1.bias", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Seen_IsTheGoldensSquare_AndPixelsItsNumbers(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var image = golden[$"pre.{name}.image"];
        var picture = Picture.Owning((int)image.shape[1], (int)image.shape[0], image.contiguous().data<byte>().ToArray());
        var expected = golden[$"pre.{name}.resized_cropped"];
        var seen = ImageEncoderInput.Seen(picture, (int)expected.shape[0]);
        var bytes = expected.contiguous().data<byte>().ToArray();
        Assert.All(seen.Bytes().Zip(bytes), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        Assert.Equal(seen.Bytes(), ImageEncoderInput.Seen(seen, seen.Width).Bytes());
        if (golden.Has($"pre.{name}.pixel_values"))
        {
            Goldens.AssertClose(golden[$"pre.{name}.pixel_values"], ImageEncoderInput.Pixels(seen), PixelTolerance, name);
        }
    }

    [Theory]
    [InlineData("key_manifest_clip_vit_h14_vision_hf.json", 1280, 32, 1024)]
    [InlineData("key_manifest_clip_vit_bigg14_vision_hf.json", 1664, 48, 1280)]
    public void Read_UnderThePublishedNames_TellsTheShape_AlsoOfAWholeClip(string manifest, int width, int layers, int embedding)
    {
        var keys = NamedShapes.OfManifest(manifest);
        foreach (var more in new Dictionary<string, long[]>[] { [], new() { ["vision_model.embeddings.position_ids"] = [1, 257], ["text_model.embeddings.token_embedding.weight"] = [49408, 1024], ["logit_scale"] = [] } })
        {
            var path = NamedShapes.Write(_folder["encoder.safetensors"], keys.Concat(more).ToDictionary());
            var p = ImageEncoderFile.Read(path);
            Assert.Equal((width, layers, embedding, 16, 224, false), (p.Width, p.Layers, p.EmbeddingWidth, p.Heads, p.PictureSide, p.IsQuick));
        }

        using var files = CheckpointFiles.Open(NamedShapes.Write(_folder["encoder.safetensors"], keys));
        Assert.Equal("image encoder", CheckpointKind.Of(files.Shapes).Kind);
    }

    [Fact]
    public void Read_WithAPartMissing_NamesIt()
    {
        var keys = NamedShapes.OfManifest("key_manifest_clip_vit_h14_vision_hf.json");
        keys.Remove("vision_model.encoder.layers.7.mlp.fc2.weight");
        var path = NamedShapes.Write(_folder["encoder.safetensors"], keys);
        var error = Assert.Throws<CheckpointException>(() => ImageEncoderFile.Read(path));
        Assert.Contains("vision_model.encoder.layers.7.mlp.fc2.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apart_OfASheet_GivesItsSquares()
    {
        var squares = Enumerable.Range(0, 3).Select(i => Picture.Owning(4, 4, [.. Enumerable.Range(0, 48).Select(b => (byte)(50 * i + b))])).ToList();
        Assert.Equal(squares.Select(square => square.Bytes()), ImageEncoderInput.Apart(PictureSheet.Of(squares, 3, 0)).Select(square => square.Bytes()));
    }

    /// <summary>What open_clip's VisionTransformer calls the same weights, with the projections of attention in one.</summary>
    private static Dictionary<string, Tensor> OpenClipNames(Dictionary<string, Tensor> weights)
    {
        (string Transformers, string OpenClip)[] names =
        [
            ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
            ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
            ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
            ("vision_model.embeddings.patch_embedding", "visual.conv1"),
            ("vision_model.pre_layrnorm", "visual.ln_pre"),
            ("vision_model.post_layernorm", "visual.ln_post"),
            ("visual_projection.weight", "visual.proj"),
            ("layer_norm", "ln_"),
            ("self_attn.out_proj", "attn.out_proj"),
            ("mlp.fc1", "mlp.c_fc"),
            ("mlp.fc2", "mlp.c_proj"),
        ];
        string Renamed(string name) => names.Aggregate(name, (text, pair) => text.Replace(pair.Transformers, pair.OpenClip, StringComparison.Ordinal));
        var result = new Dictionary<string, Tensor>();
        foreach (var (name, weight) in weights.Where(weight => !weight.Key.EndsWith("position_ids", StringComparison.Ordinal)))
        {
            if (name.Contains("self_attn.q_proj", StringComparison.Ordinal))
            {
                var all = new[] { "q_proj", "k_proj", "v_proj" }.Select(projection => weights[name.Replace("q_proj", projection, StringComparison.Ordinal)]);
                result[Renamed(name).Replace("self_attn.q_proj.", "attn.in_proj_", StringComparison.Ordinal)] = cat([.. all]);
            }
            else if (!name.Contains("self_attn.k_proj", StringComparison.Ordinal) && !name.Contains("self_attn.v_proj", StringComparison.Ordinal))
            {
                result[Renamed(name)] = name == "visual_projection.weight" ? weight.t().contiguous() : weight;
            }
        }

        return result;
    }

    /// <summary>Written to a file and loaded from there.</summary>
    private ClipVision Loaded(GoldenFile golden)
    {
        var path = _folder["encoder.safetensors"];
        var heads = golden.Config.GetProperty("num_attention_heads").GetInt32();
        SafetensorsWriter.Write(path, golden.Weights(), new CheckpointMetadata { Heads = heads }.Write());
        return ImageEncoderFile.Load(path, Placement.Cpu32);
    }
}
