using System.Text;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using ControlNetSharp.Tests.Checkpoints.Loras;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Fuzzing;

/// <summary>Damaged checkpoints of every container, LoRAs, embeddings, indices and configurations.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> IoFiles => Goldens.Files("io_*.safetensors", "io_*.pth", "io_*.ckpt");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(IoFiles))]
    public void Open_OfMutatedGoldens_ReadsOrRefuses(string name)
    {
        var original = File.ReadAllBytes(Goldens.Require(name));
        Func<byte[], Random, byte[]> mutate = name.EndsWith(".safetensors", StringComparison.Ordinal) ? Mutations.Safetensors : original[0] == 'P' ? Mutations.Zip : Mutations.Bytes;
        Run(name, random => mutate(original, random), "mutated", ReadAll);
    }

    [Fact]
    public void Open_OfPicklesOfRandomOperations_ReadsOrRefuses()
    {
        using var scope = NewDisposeScope();
        var original = new PickleBytes().Start().Tensors(new Dictionary<string, Tensor> { ["a"] = ones(2, 3), ["b"] = ones(1) }).Raw(".").ToArray();
        Run("pickle", random => Mutations.Pickle(original, random), "pickle.pt", path =>
        {
            var pickle = new PickleBytes().Raw(File.ReadAllBytes(path));
            pickle.Storages.Add("0", ones(2, 3));
            pickle.Storages.Add("1", ones(1));
            pickle.WriteZip(path);
            pickle.Storages.Values.ToList().ForEach(tensor => tensor.Dispose());
            ReadAll(path);
        });
    }

    [Theory]
    [InlineData("kohya")]
    [InlineData("peft")]
    public void Apply_OfMutatedLoras_AppliesOrRefuses_AndLeavesTheModelAsItWas(string naming)
    {
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        var original = File.ReadAllBytes(TinyLora.Write(_folder["lora.safetensors"], naming));
        using var scope = NewDisposeScope();
        var before = model.UNet.named_parameters().Select(p => p.parameter.clone()).ToList();
        Run("lora", random => Mutations.Safetensors(original, random), "mutated.safetensors", path => AppliedLoras.Apply(model, [new(path)]).Dispose());
        Assert.All(before.Zip(model.UNet.named_parameters()), pair => Assert.True(pair.First.bytes.SequenceEqual(pair.Second.parameter.bytes), pair.Second.name));
    }

    [Theory]
    [InlineData("a.safetensors")]
    [InlineData("a.pt")]
    public void Read_OfMutatedEmbeddings_ReadsOrRefuses(string file)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor> { ["emb_params"] = ones(3, TinyModel.Width) };
        if (file == "a.pt")
        {
            new PickleBytes().Start().Raw("}(").Text("string_to_param").Tensors(new Dictionary<string, Tensor> { ["*"] = ones(3, TinyModel.Width) }).Text("name").Text("ink").Raw("u.").WriteZip(_folder[file]);
        }
        else
        {
            SafetensorsWriter.Write(_folder[file], tensors);
        }

        var original = File.ReadAllBytes(_folder[file]);
        using var text = new ClipTextEncoder(TinyModel.TextParams, Placement.Meta);
        Run(file, random => file == "a.pt" ? Mutations.Zip(original, random) : Mutations.Safetensors(original, random), "mutated", path =>
        {
            using var inner = NewDisposeScope();
            TextualInversionFile.Read(path, [text], ModelFamily.Of(text.Params.Width), Placement.Cpu32);
        });
    }

    [Fact]
    public void Open_OfAMutatedIndexOfShards_ReadsOrRefuses()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a-1.safetensors"], new Dictionary<string, Tensor> { ["a"] = ones(1) });
        SafetensorsWriter.Write(_folder["a-2.safetensors"], new Dictionary<string, Tensor> { ["b"] = ones(1) });
        var original = Encoding.UTF8.GetBytes("""{"metadata": {"total_size": 8}, "weight_map": {"a": "a-1.safetensors", "b": "a-2.safetensors"}}""");
        Run("index", random => Mutations.Json(original, random), "a.safetensors.index.json", ReadAll);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("unet/config.json")]
    [InlineData("vae/config.json")]
    [InlineData("text_encoder/config.json")]
    [InlineData("scheduler/scheduler_config.json")]
    public void ReadModelShape_OfAMutatedConfiguration_ReadsOrRefuses(string file)
    {
        CheckpointConverter.Convert(TinyModel.WriteModel(_folder["model.safetensors"]), _folder["diffusers"], CheckpointLayout.Diffusers);
        var original = File.ReadAllBytes(_folder[Path.Combine("diffusers", file)]);
        Run(file, random => Mutations.Json(original, random), Path.Combine("diffusers", file), _ => CheckpointLoader.ReadModelShape(_folder["diffusers"]), checksFile: false);
    }

    private void Run(string name, Func<Random, byte[]> make, string file, Action<string> read, bool checksFile = true)
    {
        var path = _folder[file];
        FuzzRun.Of(
            name,
            make,
            input =>
            {
                File.WriteAllBytes(path, input);
                read(path);
            },
            e => e is CheckpointException refused && (!checksFile || refused.File == path));
    }

    private static void ReadAll(string path)
    {
        using var scope = NewDisposeScope();
        using var files = CheckpointFiles.Open(path);
        foreach (var (tensor, shape) in files.Shapes.Where(shape => !path.EndsWith(".json", StringComparison.Ordinal)))
        {
            var size = shape.Aggregate(1L, (product, s) => product * s);
            Assert.True(size <= new FileInfo(path).Length, $"{tensor} has {size} elements.");
            files.Read(tensor).Dispose();
        }
    }
}
