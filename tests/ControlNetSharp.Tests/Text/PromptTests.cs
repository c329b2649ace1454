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
    public void ParseEmphasis_GivesTheOriginalsPiecesAndWeights(string prompt)
    {
        var expected = Goldens.Json(Golden).GetProperty("parse_prompt_attention").EnumerateArray().First(row => row[0].GetString() == prompt)[1].EnumerateArray()
            .Select(piece => (Text: piece[0].GetString()!, Weight: piece[1].GetDouble())).ToList();
        var actual = PromptSyntax.ParseEmphasis(prompt).Select(piece => piece.IsBreak ? ("BREAK", -1) : (piece.Text, piece.Weight)).ToList();
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

    [Theory]
    [InlineData("a [red:blue:0.5] car", "[red:blue:0.5]|prompt editing")]
    [InlineData("a [red|blue] car", "[red|blue]|alternating")]
    [InlineData("a cat AND a dog", "AND|composable")]
    [InlineData("a cat <lora:cats:0.8>", "<lora:cats:0.8>|negative")]
    [InlineData("a (cat:1.2.3)", "1.2.3|number")]
    public void Parse_OfSyntaxThatIsNotSupported_NamesIt(string prompt, string expected)
    {
        var e = Assert.Throws<ArgumentException>(() => PromptSyntax.Parse(prompt));
        Assert.All(expected.Split('|'), part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(@"a \[red|blue\] car")]
    [InlineData("sand and land")]
    [InlineData("[red] car, 3:2")]
    public void Parse_OfTextThatOnlyLooksLikeIt_TakesIt(string prompt) => Assert.NotEmpty(PromptSyntax.Parse(prompt));

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
}
