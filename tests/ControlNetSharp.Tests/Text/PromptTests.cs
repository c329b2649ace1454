using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Text;

public class PromptTests
{
    private const string Golden = "control_extras.json";

    public static TheoryData<string> Prompts
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var file in Goldens.Files(Golden))
            {
                foreach (var row in Goldens.Json(file.Data).GetProperty("parse_prompt_attention").EnumerateArray())
                {
                    data.Add(row[0].GetString()!);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Files => Goldens.Files("control_extras.safetensors");

    [Theory]
    [MemberData(nameof(Prompts))]
    public void Parse_GivesTheOriginalsPiecesAndWeights(string prompt)
    {
        var expected = Goldens.Json(Golden).GetProperty("parse_prompt_attention").EnumerateArray().First(row => row[0].GetString() == prompt)[1].EnumerateArray()
            .Select(piece => (Text: piece[0].GetString()!, Weight: piece[1].GetDouble())).ToList();
        var actual = PromptSyntax.Parse(prompt).Select(piece => piece.IsBreak ? ("BREAK", -1) : (piece.Text, piece.Weight)).ToList();
        Assert.Equal(expected, actual);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Emphasised_IsTheOriginals(string file)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var expected = golden["emphasis/original"];
        Goldens.AssertClose(expected, PromptEncoder.Emphasised(golden["emphasis/z"], golden["emphasis/multipliers"]), 2e-6 * Math.Max(1, Goldens.Amplitude(expected)), file);
    }

    [Fact]
    public void Parse_OfAWeightThatIsNoNumber_NamesIt() => Assert.Contains("1.2.3", Assert.Throws<PromptException>(() => PromptSyntax.Parse("a (cat:1.2.3)")).Message, StringComparison.Ordinal);

    [Fact]
    public void Of_ALongPrompt_DividesAtACommaNearTheEnd()
    {
        var tokenizer = ClipTokenizer.Default;
        IReadOnlyList<PromptChunk> Chunks(string prompt) => PromptChunk.Of(PromptSyntax.Parse(prompt), tokenizer);
        var words = string.Join(' ', Enumerable.Repeat("cat", 60)) + ", " + string.Join(' ', Enumerable.Repeat("dog", 30));
        var chunks = Chunks(words);
        Assert.Equal([61, 30], chunks.Select(chunk => chunk.Tokens.Count));
        Assert.Equal(tokenizer.Encode(words), chunks.SelectMany(chunk => chunk.Tokens));
        Assert.Equal([75, 5], Chunks(string.Join(' ', Enumerable.Repeat("cat", 80))).Select(chunk => chunk.Tokens.Count));
        Assert.Equal([75], Chunks(string.Join(' ', Enumerable.Repeat("cat", 75))).Select(chunk => chunk.Tokens.Count));
        Assert.Equal([1, 2], Chunks("cat BREAK a dog").Select(chunk => chunk.Tokens.Count));
        Assert.Empty(Assert.Single(Chunks("")).Tokens);
        Assert.Equal([1, 1.3, 1.3], Chunks("a (red dog:1.3)")[0].Weights);
    }

    [Fact]
    public void Encode_GivesBothSidesOneLength_AndWeightsChangeOnlyWhereTheyAre()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var text = TinyModel.Text();
        (Tensor Conditioning, Tensor Unconditional) Encode(string prompt, string negative = "") => PromptEncoder.Encode(text, prompt, negative, CPU);
        var (long1, padded) = Encode("a cat BREAK a dog");
        Assert.Equal([1, 154, TinyModel.Width], long1.shape);
        Assert.Equal(long1.shape, padded.shape);
        Assert.True(padded.narrow(1, 0, 77).Equals(padded.narrow(1, 77, 77)));
        Assert.True(long1.narrow(1, 0, 77).Equals(Encode("a cat").Conditioning));
        Assert.True(Encode("a (cat:1)").Conditioning.Equals(Encode("a cat").Conditioning));
        var (plain, strong) = (Encode("a cat").Conditioning, Encode("a (cat:1.5)").Conditioning);
        Assert.False(plain.Equals(strong));
        Assert.Equal(plain.mean().item<float>(), strong.mean().item<float>(), 1e-5);
    }

    [Fact]
    public void Encode_ByTheTwoEncodersOfSdxl_PutsTheirFeaturesSideBySide_AndPoolsTheFirstChunk()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (first, second) = TinyModel.SdxlTexts();
        using var owned = first;
        using var ownedToo = second;
        (TextConditioning Conditioning, TextConditioning Unconditional) Encode(string prompt, string negative = "a boat") => PromptEncoder.Encode(new ModelTexts([first, second], Pools: true, ZerosForEmptyNegative: true), prompt, negative, CPU);
        var (both, other) = Encode("a (red:1.3) cat BREAK a dog");
        Assert.Equal([1, 154, TinyModel.Sdxl.ContextChannels], both.Context.shape);
        // Each one is weighted for itself, so that both keep their means.
        Assert.True(both.Context.narrow(2, 0, TinyModel.Width).Equals(PromptEncoder.Encode(first, "a (red:1.3) cat BREAK a dog", "a boat", CPU).Conditioning));
        Assert.True(both.Context.narrow(2, TinyModel.Width, TinyModel.Sdxl.ContextChannels - TinyModel.Width).Equals(PromptEncoder.Encode(second, "a (red:1.3) cat BREAK a dog", "a boat", CPU).Conditioning));
        Assert.True(both.Pooled!.Equals(Encode("a red cat").Conditioning.Pooled!));
        Assert.False(both.Pooled.Equals(Encode("a dog").Conditioning.Pooled!));
        Assert.Equal(both.Context.shape, other.Context.shape);
        Assert.True(other.Context.abs().max().item<float>() > 0);
        var empty = Encode("a cat BREAK a dog", "").Unconditional;
        Assert.Equal((0, 0), (empty.Context.abs().max().item<float>(), empty.Pooled!.abs().max().item<float>()));
        Assert.Null(PromptEncoder.Encode(new ModelTexts([first]), "a cat", "", CPU).Conditioning.Pooled);
    }

    [Fact]
    public void Encode_ForEveryStep_GivesTheWordsOfTheStep_WithOneTensorForTheSameWords()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var text = TinyModel.Text();
        Tensor Alone(string prompt) => PromptEncoder.Encode(text, prompt, "", CPU).Conditioning;
        var steps = PromptEncoder.Encode(new ModelTexts([text]), [(ParsedPrompt.Parse("a [red:blue BREAK x:0.5] car :2 AND a [cat|dog]"), ParsedPrompt.ParseNegative("[bad::1]"))], 4, CPU)[0];
        Assert.Equal(4, steps.Count);
        Assert.All(steps, step => Assert.Equal([2, 1], step.Conditional.Select(part => part.Weight)));
        Assert.Equal([77, 77, 154, 154], steps.Select(step => step.Unconditional.Context.shape[1]));
        Assert.Equal([77, 77, 154, 154], steps.Select(step => step.Conditional[1].Text.Context.shape[1]));
        Assert.True(Alone(" a red car").Equals(steps[0].Conditional[0].Text.Context));
        Assert.True(Alone("a cat").Equals(steps[0].Conditional[1].Text.Context));
        Assert.True(Alone("a dog").Equals(steps[1].Conditional[1].Text.Context));
        Assert.True(Alone("a blue BREAK x car").Equals(steps[3].Conditional[0].Text.Context));
        Assert.True(Alone("bad").Equals(steps[0].Unconditional.Context));
        Assert.True(Alone("").Equals(steps[1].Unconditional.Context));
        Assert.Same(steps[0].Conditional[0].Text.Context, steps[1].Conditional[0].Text.Context);
        Assert.Throws<ArgumentException>(() => Alone("[a|b]"));
        Assert.Throws<ArgumentException>(() => Alone("a AND b"));
        Assert.Throws<ArgumentException>(() => Alone("a<lora:b>"));
    }
}
