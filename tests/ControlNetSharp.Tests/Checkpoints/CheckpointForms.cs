using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>The families of which tiny models are written.</summary>
public enum TinyFamily
{
    /// <summary>With the names of SD 1.x.</summary>
    Sd1,

    /// <summary>With linear projections, a context of 1024 and OpenCLIP's text encoder, whose vocabulary is too small for prompts: SD 2.x by its width.</summary>
    Sd2,

    /// <summary>The same, narrow and with the whole vocabulary: no family by its width, but it reads prompts.</summary>
    NarrowSd2,

    /// <summary>With the two text encoders and the vector of SDXL.</summary>
    Sdxl,

    /// <summary>SD 1.x with nine channels.</summary>
    Inpainting,
}

/// <summary>Writes tiny models in every container and layout that is read, and compares what was read.</summary>
/// <param name="place">Where they are written. Borrowed.</param>
internal sealed class CheckpointForms(TemporaryFolder place)
{
    /// <summary>The file of weights in a diffusers folder's parts.</summary>
    public const string DiffusersWeights = "diffusion_pytorch_model.safetensors";

    /// <summary>A tiny model of a family, as a safetensors file in LDM's layout.</summary>
    public string WriteModel(TinyFamily family, CheckpointMetadata? metadata = null, Action<Dictionary<string, Tensor>>? change = null)
    {
        var path = place[$"{family}.safetensors"];
        var said = (metadata ?? TinyModel.Metadata).Write();
        return family switch
        {
            TinyFamily.Sd1 => TinyModel.WriteModel(path, change, said),
            TinyFamily.Inpainting => TinyModel.WriteModel(path, change, said, TinyModel.Inpainting),
            TinyFamily.Sdxl => TinyModel.WriteSdxl(path, change, said),
            TinyFamily.Sd2 => WriteSd2(path, TinyModel.Sd21Shaped, vocabulary: 500, said, change),
            // Its width does not tell what its activation is.
            TinyFamily.NarrowSd2 => WriteSd2(path, TinyModel.Sd21Shaped with { ContextChannels = TinyModel.Width }, vocabulary: 49408, new Dictionary<string, string>(said) { ["text_activation"] = "gelu" }, change),
            _ => throw new ArgumentOutOfRangeException(nameof(family)),
        };
    }

    private static string WriteSd2(string path, UNetParams unet, int vocabulary, Dictionary<string, string> said, Action<Dictionary<string, Tensor>>? change) => TinyModel.WriteModel(
        path,
        tensors =>
        {
            var width = unet.ContextChannels;
            var p = new TextEncoderParams { Width = width, Layers = 2, Heads = 2, VocabularySize = vocabulary, Activation = TextActivation.Gelu, ProjectionWidth = width, HasLogitScale = true, PadToken = 0, DefaultClipSkip = 2 };
            foreach (var name in tensors.Keys.Where(name => name.StartsWith(TinyModel.TextPrefix, StringComparison.Ordinal)).ToList())
            {
                tensors.Remove(name);
            }

            using var text = new OpenClipTextEncoder(p, Placement.Cpu32);
            using var generator = new Generator(77);
            foreach (var (name, parameter) in text.named_parameters())
            {
                // Drawn: the formula takes its time over so many.
                tensors.Add("cond_stage_model.model." + name, randn(parameter.shape, generator: generator) * 0.02f);
            }

            change?.Invoke(tensors);
        },
        said,
        unet);

    /// <summary>The containers and layouts.</summary>
    public static IReadOnlyList<string> All { get; } = ["safetensors", "sharded", "zip", "legacy", "lightning", "diffusers", "diffusers-old", "diffusers-sharded", "diffusers-bin", "back"];

    /// <summary>Writes a file in LDM's layout in one of <see cref="All"/>.</summary>
    public string Rewrite(string original, string form)
    {
        switch (form)
        {
            case "safetensors":
                return original;
            case "sharded":
                return Shard(original, place["shards"], "model");
            // A pickle has no place for what shapes do not show; a file beside it in the same folder has.
            case "zip":
                return BesideMetadata(original, WriteTorch(original, pickle => pickle.WriteZip(New("zip/model.bin"))));
            case "legacy":
                return BesideMetadata(original, WriteTorch(original, pickle => pickle.WriteLegacy(New("legacy/model.bin"))));
            case "lightning":
                return BesideMetadata(original, WriteTorch(original, pickle => pickle.WriteZip(New("lightning/model.ckpt")), lightning: true));
            case "back":
                CheckpointConverter.Convert(Diffusers(original), place["back.safetensors"], CheckpointLayout.Ldm);
                return place["back.safetensors"];
        }

        var folder = Diffusers(original);
        switch (form)
        {
            case "diffusers-old":
                Rename(Path.Combine(folder, "vae", DiffusersWeights), name => name.Replace("to_q.", "query.", StringComparison.Ordinal).Replace("to_k.", "key.", StringComparison.Ordinal).Replace("to_v.", "value.", StringComparison.Ordinal).Replace("to_out.0.", "proj_attn.", StringComparison.Ordinal));
                break;
            case "diffusers-sharded":
                var whole = Path.Combine(folder, "unet", DiffusersWeights);
                Shard(whole, Path.Combine(folder, "unet"), "diffusion_pytorch_model");
                File.Delete(whole);
                break;
            case "diffusers-bin":
                var weights = Path.Combine(folder, "unet", DiffusersWeights);
                WriteTorch(weights, pickle => pickle.WriteZip(Path.Combine(folder, "unet", "diffusion_pytorch_model.bin")));
                File.Delete(weights);
                break;
        }

        return folder;
    }

    private string New(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place[path])!);
        return place[path];
    }

    public string Diffusers(string path)
    {
        var folder = place["diffusers"];
        CheckpointConverter.Convert(path, folder, CheckpointLayout.Diffusers);
        return folder;
    }

    /// <summary>A folder of a pickle and nothing but metadata beside it: what the pickle cannot say is said by an empty safetensors file. Its folder is the checkpoint.</summary>
    private static string BesideMetadata(string original, string pickle)
    {
        using var file = SafetensorsFile.Open(original);
        // PyTorch files of a folder count only where it has no safetensors file, so the second one has the other extension, too.
        SafetensorsWriter.Write(Path.Combine(Path.GetDirectoryName(pickle)!, "said.pt"), new Dictionary<string, Tensor>(), file.Metadata);
        return Path.GetDirectoryName(pickle)!;
    }

    public static string WriteTorch(string safetensors, Func<PickleBytes, string> write, bool lightning = false)
    {
        var tensors = Tensors(safetensors);
        return write(lightning
            ? new PickleBytes().Start().Raw("}(").Text("epoch").Number(1).Text("state_dict").Tensors(tensors).Text("optimizer_states").Raw("](}(").Text("state").Raw("}u").Raw("eu.")
            : new PickleBytes().Start().Tensors(tensors).Raw("."));
    }

    private static string Shard(string path, string folder, string stem)
    {
        Directory.CreateDirectory(folder);
        var tensors = Tensors(path);
        var map = new Dictionary<string, string>();
        using var file = SafetensorsFile.Open(path);
        foreach (var (index, part) in tensors.Chunk(tensors.Count / 2 + 1).Index())
        {
            var name = $"{stem}-{index + 1:00000}-of-00002.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, name), part, file.Metadata);
            Array.ForEach(part, tensor => map.Add(tensor.Key, name));
        }

        File.WriteAllText(Path.Combine(folder, stem + ".safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));
        return folder;
    }

    private static void Rename(string path, Func<string, string> rename)
    {
        var tensors = Tensors(path);
        SafetensorsWriter.Write(path, tensors.Select(tensor => KeyValuePair.Create(rename(tensor.Key), tensor.Value)));
    }

    public static void AddAll(Dictionary<string, Tensor> tensors, string path)
    {
        foreach (var (name, tensor) in Tensors(path))
        {
            tensors.Add(name, tensor);
        }
    }

    private static Dictionary<string, Tensor> Tensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Entries.Keys.ToDictionary(name => name, name => file.Read(name));
    }

    public static void AssertSame(SafetensorsFile expected, SafetensorsFile actual)
    {
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), actual.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected.Entries, entry =>
        {
            Assert.Equal((entry.Value.Dtype, string.Join(", ", entry.Value.Shape)), (actual.Entries[entry.Key].Dtype, string.Join(", ", actual.Entries[entry.Key].Shape)));
            Assert.Equal(expected.Read(entry.Key).bytes.ToArray(), actual.Read(entry.Key).bytes.ToArray());
        });
    }

    public static void AssertSame(nn.Module expected, nn.Module actual)
    {
        var pairs = expected.named_parameters().Zip(actual.named_parameters()).ToList();
        Assert.NotEmpty(pairs);
        Assert.All(pairs, pair =>
        {
            Assert.Equal(pair.First.name, pair.Second.name);
            Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>(), pair.First.name);
        });
    }
}
