using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using ControlNetSharp.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Text;

public sealed class TextualInversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_APromptWithNames_PutsTheirVectorsIn_TheLongestNameFirst_WithTheWeightsOfTheText()
    {
        using var scope = NewDisposeScope();
        var read = new List<string>();
        using var inversions = new TextualInversions(["ink", "ink-wash", "unused"], name =>
        {
            read.Add(name);
            return [zeros(name == "ink" ? 1 : 3, TinyModel.Width)];
        });
        var chunk = Assert.Single(PromptChunk.Of(PromptSyntax.Parse("a cat, (Ink-Wash:1.2), ink"), ClipTokenizer.Default, inversions));
        var (a, cat, comma) = (ClipTokenizer.Default.Encode("a")[0], ClipTokenizer.Default.Encode("cat")[0], ClipTokenizer.Default.Encode(",")[0]);
        Assert.Equal([a, cat, comma, -1, -2, -3, comma, -4], chunk.Tokens);
        Assert.Equal([1, 1, 1, 1.2, 1.2, 1.2, 1, 1], chunk.Weights);
        Assert.Equal(["ink-wash", "ink"], read);
        Assert.Equal([4, TinyModel.Width], inversions.Vectors(0)!.shape);
        Assert.Equal(["ink-wash", "ink"], inversions.NamesIn(PromptSyntax.Parse("ink-wash, ink, ink-wash; inky")));
    }

    [Fact]
    public void Of_ANameWhoseVectorsDoNotFitIntoAChunk_BeginsANewOne()
    {
        using var scope = NewDisposeScope();
        using var inversions = new TextualInversions(["ink"], _ => [zeros(10, TinyModel.Width)]);
        var prompt = string.Join(' ', Enumerable.Repeat("cat", 70)) + " ink dog";
        Assert.Equal([70, 11], PromptChunk.Of(PromptSyntax.Parse(prompt), ClipTokenizer.Default, inversions).Select(chunk => chunk.Tokens.Count));
    }

    [Theory]
    [InlineData("clip")]
    [InlineData("openclip")]
    public void Encode_WithAName_IsThatOfATokenWithItsVector(string layout)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = new TextEncoderParams { Width = 16, Layers = 2, Heads = 2, ProjectionWidth = 16, DefaultClipSkip = 2 };
        ITextEncoder Encoder() => layout == "clip" ? FormulaWeights.Fill(new ClipTextEncoder(p, Placement.Cpu32), "t.", 5) : FormulaWeights.Fill(new OpenClipTextEncoder(p, Placement.Cpu32), "t.", 5);
        var (plain, replaced) = (Encoder(), Encoder());
        var vector = randn(1, 16);
        ((nn.Module)replaced).named_parameters().First(parameter => parameter.name.EndsWith("token_embedding.weight", StringComparison.Ordinal)).parameter[ClipTokenizer.Default.Encode("zebra")[0]] = vector[0];
        using var inversions = new TextualInversions(["zebra"], _ => [vector.alias()]);
        var expected = PromptEncoder.Encode(replaced, "a (zebra:1.1) in the snow", "zebra", CPU);
        var actual = PromptEncoder.Encode(plain, "a (zebra:1.1) in the snow", "zebra", CPU, null, inversions);
        Assert.True(expected.Conditioning.Equals(actual.Conditioning));
        Assert.True(expected.Unconditional.Equals(actual.Unconditional));
        Assert.False(PromptEncoder.Encode(plain, "a zebra in the snow", "", CPU).Conditioning.Equals(actual.Conditioning));
        Assert.Equal(3, plain.HiddenStates(tensor(new long[] { 49406, -1, 49407 }).unsqueeze(0), vector).Count);
    }

    [Fact]
    public void Generate_WithANameInAnyForm_GivesTheSamePicture_AnotherOneThanWithout()
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        Directory.CreateDirectory(_folder["embeddings/sub"]);
        var vectors = randn(3, TinyModel.Width) * 0.5f;
        SafetensorsWriter.Write(_folder["embeddings/inkone.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = vectors });
        SafetensorsWriter.Write(_folder["embeddings/sub/inktwo.safetensors"], new Dictionary<string, Tensor> { ["<ink>"] = vectors.to(ScalarType.Float64) });
        Pickle(vectors).WriteZip(_folder["embeddings/inkthree.pt"]);
        Pickle(vectors).WriteLegacy(_folder["embeddings/inkfour.pt"]);
        new PickleBytes().Start().Tensors(new Dictionary<string, Tensor> { ["<ink>"] = vectors }).Raw(".").WriteZip(_folder["embeddings/inkfive.bin"]);
        SafetensorsWriter.Write(_folder["embeddings/broken.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = zeros(2, 999) });
        var generator = new PictureGenerator(model, new PromptFiles([_folder.Path]));
        byte[] Pixels(string prompt) => generator.Generate(new GenerationRequest { Prompt = prompt, Size = (64, 64), Seed = 3, Steps = 2 }, cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
        var first = Pixels("a house, inkone");
        Assert.All(new[] { "inktwo", "InkThree", "inkfour", "inkfive" }, name => Assert.Equal(first, Pixels($"a house, {name}")));
        Assert.NotEqual(first, Pixels("a house"));
        Assert.NotEqual(first, Pixels("a house, (inkone:0.5)"));
        Assert.NotEqual(first, new PictureGenerator(model).Generate(new GenerationRequest { Prompt = "a house, inkone", Size = (64, 64), Seed = 3, Steps = 2 }, cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes());
        Assert.Contains("broken.safetensors", Assert.Throws<CheckpointException>(() => Pixels("a broken house")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ForSdxl_TakesATensorForEachTextEncoder()
    {
        using var scope = NewDisposeScope();
        using var first = new ClipTextEncoder(TinyModel.TextParams, Placement.Meta);
        using var second = new OpenClipTextEncoder(TinyModel.TextParams with { Width = 24, Heads = 3 }, Placement.Meta);
        SafetensorsWriter.Write(_folder["xl.safetensors"], new Dictionary<string, Tensor> { ["clip_g"] = ones(2, 24), ["clip_l"] = zeros(2, TinyModel.Width) });
        var vectors = TextualInversionFile.Read(_folder["xl.safetensors"], [first, second], ModelFamily.Of(TinyModel.Sdxl), new Placement(CPU, ScalarType.BFloat16));
        Assert.Equal([[2, TinyModel.Width], [2, 24]], vectors.Select(tensor => tensor.shape));
        Assert.All(vectors, tensor => Assert.Equal(ScalarType.BFloat16, tensor.dtype));
        Assert.Contains("for SDXL", Assert.Throws<CheckpointException>(() => TextualInversionFile.Read(_folder["xl.safetensors"], [first], ModelFamily.Of(TinyModel.UNetParams), Placement.Cpu32)).Message, StringComparison.Ordinal);
        SafetensorsWriter.Write(_folder["one.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = zeros(2, 768) });
        Assert.Contains("no embedding for SDXL", Assert.Throws<CheckpointException>(() => TextualInversionFile.Read(_folder["one.safetensors"], [first, second], ModelFamily.Of(TinyModel.Sdxl), Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("emb_params", "2 1024", "SD 2.x (width 1024)|the width 16")]
    [InlineData("emb_params", "76 16", "1 to 75 vectors")]
    [InlineData("emb_params", "1 2 16", "1 to 75 vectors")]
    [InlineData("a b", "1 16", "it has 2 tensors (a, b)")]
    public void Read_OfWhatDoesNotFit_NamesFileFamilyAndShape(string names, string shape, string expected)
    {
        using var scope = NewDisposeScope();
        using var text = new ClipTextEncoder(TinyModel.TextParams, Placement.Meta);
        SafetensorsWriter.Write(_folder["a.safetensors"], names.Split(' ').Select(name => KeyValuePair.Create(name, zeros([.. shape.Split(' ').Select(long.Parse)]))));
        var e = Assert.Throws<CheckpointException>(() => TextualInversionFile.Read(_folder["a.safetensors"], [text], ModelFamily.Of(TinyModel.UNetParams), Placement.Cpu32));
        Assert.Equal(_folder["a.safetensors"], e.File);
        Assert.All(expected.Split('|'), part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    /// <summary>What A1111 saves: string_to_token and string_to_param beside name and step.</summary>
    private static PickleBytes Pickle(Tensor vectors) => new PickleBytes().Start().Raw("}(").Text("string_to_token").Raw("}").Text("*").Number(265).Raw("s").Text("string_to_param")
        .Tensors(new Dictionary<string, Tensor> { ["*"] = vectors }).Text("name").Text("ink").Text("step").Number(100).Text("sd_checkpoint").Raw("Nu.");
}
