using CsCheck;
using ControlNetSharp.Requests;
using Xunit;

namespace ControlNetSharp.Tests.Requests;

public sealed class InfotextTests
{
    private const string Line = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512";

    /// <summary>Prompts that the form can hold: a line that says "Negative prompt:" begins the negative one.</summary>
    private static readonly Gen<string> Prompt = OneOf(
        "a cat", "(red:1.2)", "Steps: 3, going: up, to: a door", "Steps: 20", "\"quoted\"", "<lora:a:0.5>",
        "ein Bär, 熊, 🐻", "", " x ", "\\(a\\)", "{a|b}", "Size: 5x5,")
        .Array[0, 5].Select(lines => string.Join('\n', lines).Trim());

    private static readonly Gen<string> Value = OneOf(
        "1", "a, b", "a: b", "two\nlines", "\"", "\"a\"", "\\", "a \\\"b", "(0, 1)", "[", "{\"a\": [1, 2]}", "",
        " outer ", "é漢🐻", "True", "a]", "\t", "C:\\x", "\r\n");

    [Fact]
    public void Parse_OfPromptsOfSeveralLines_KeepsThem()
    {
        var text = Infotext.Parse($"a cat,\n\n  in a hat \nNegative prompt: blurry,\nbad\n{Line}");
        Assert.Equal(("a cat,\n\n  in a hat", "blurry,\nbad"), (text.Prompt, text.NegativePrompt));
        Assert.Equal(["Steps", "Sampler", "CFG scale", "Seed", "Size"], text.Settings.Select(setting => setting.Key));
        Assert.Equal(("Euler a", "Euler a", null), (text["Sampler"], text["sampler"], text["Model"]));
    }

    [Theory]
    [InlineData($"a cat\r\nNegative prompt: blurry\r\n{Line}\r\n", "a cat", "blurry", 5)]
    [InlineData(Line, "", "", 5)]
    [InlineData($"Negative prompt: blurry\n{Line}", "", "blurry", 5)]
    [InlineData($"a cat\nNegative prompt:\n{Line}", "a cat", "", 5)]
    [InlineData("a cat\nNegative prompt: blurry", "a cat", "blurry", 0)]
    [InlineData("", "", "", 0)]
    [InlineData("a photo of my cat", "a photo of my cat", "", 0)]
    [InlineData("colours: red, mood: calm, style: ink", "colours: red, mood: calm, style: ink", "", 0)]
    [InlineData("a cat\nSteps: 20, Seed: 1", "a cat\nSteps: 20, Seed: 1", "", 0)]
    [InlineData($"Steps: 3, to: a door, and: out\na cat\n{Line}", "Steps: 3, to: a door, and: out\na cat", "", 5)]
    [InlineData("a cat\nSeed: 1, Size: 512x512, Model: m", "a cat", "", 3)]
    [InlineData($"a cat Negative prompt: blurry {Line}", "a cat", "blurry", 5)]
    [InlineData($"a cat Negative prompt: {Line}", "a cat", "", 5)]
    [InlineData($"a cat,\n{Line},\nModel: m,\nVersion: 1", "a cat,", "", 7)]
    [InlineData($"a cat\nNegative prompt: x\nNegative prompt: y\n{Line}", "a cat", "x\nNegative prompt: y", 5)]
    public void Parse_OfItsForms_FindsPromptsAndSettings(string text, string prompt, string negative, int settings)
    {
        var parsed = Infotext.Parse(text);
        Assert.Equal((prompt, negative, settings), (parsed.Prompt, parsed.NegativePrompt, parsed.Settings.Count));
    }

    [Theory]
    [InlineData("\"a, b: \\\"c\\\", \\n d\"", "a, b: \"c\", \n d")]
    [InlineData("\"not closed", "\"not closed")]
    [InlineData("\"a\" and \"b\"", "\"a\" and \"b\"")]
    [InlineData("\"bad \\x escape, here\"", "bad \\x escape, here")]
    [InlineData("{\"vae\": \"c6a5\", \"lora:a, b\": \"}\"}", "{\"vae\": \"c6a5\", \"lora:a, b\": \"}\"}")]
    [InlineData("[{\"type\":\"lora\",\"name\":\"a [b\"}, 2]", "[{\"type\":\"lora\",\"name\":\"a [b\"}, 2]")]
    [InlineData("(0.1, 0.9)", "(0.1, 0.9)")]
    [InlineData("plain (with: a colon)", "plain (with: a colon)")]
    [InlineData("2024-09-23T06:17:42.99Z", "2024-09-23T06:17:42.99Z")]
    [InlineData("", "")]
    public void Parse_OfAValue_GivesItWithoutItsQuotes_AndWhatFollows(string written, string value)
    {
        var text = Infotext.Parse($"{Line}, Key: {written}, Last: 1");
        Assert.Equal((value, "1"), (text["Key"], text["Last"]));
    }

    [Fact]
    public void Parse_OfLinesBehindTheSettings_TakesThemAsSettings()
    {
        const string lines = "Template: {a|b}, (c:1.2), d\nNegative Template: x, y: z\nUsed embeddings: bad [afea]";
        var text = Infotext.Parse($"a cat\n{Line}\n{lines}");
        Assert.Equal(("{a|b}, (c:1.2), d", "x, y: z"), (text["Template"], text["Negative Template"]));
        Assert.Equal("bad [afea]", text["Used embeddings"]);
        Assert.Equal("a cat", text.Prompt);
    }

    [Fact]
    public void ToString_IsTheFormOfStableDiffusionWebui()
    {
        var text = new Infotext
        {
            Prompt = "a cat",
            NegativePrompt = "blurry",
            Settings =
                [new("Steps", "20"), new("Hashes", "a: b, c"), new("Tiling", "Tiling"), new("Model", "模型 \"x\"")],
        };
        const string line = "Steps: 20, Hashes: \"a: b, c\", Tiling, Model: 模型 \"x\"";
        Assert.Equal($"a cat\nNegative prompt: blurry\n{line}", text.ToString());
    }

    [Fact]
    public void Parse_OfWhatWasWritten_GivesTheSame()
    {
        var key = OneOf("Key", "Two words", "A-b/c", "Module 1", "漢");
        var setting = Gen.Select(key, Value, (name, value) => new KeyValuePair<string, string>(name, value));
        Gen.Select(Prompt, Prompt, setting.Array[0, 6]).Sample((prompt, negative, further) =>
        {
            var text = new Infotext
            {
                Prompt = prompt,
                NegativePrompt = negative,
                Settings = [new("Steps", "20"), new("Sampler", "Euler a"), new("Seed", "1"), .. further],
            };
            var parsed = Infotext.Parse(text.ToString());
            Assert.Equal((text.Prompt, text.NegativePrompt), (parsed.Prompt, parsed.NegativePrompt));
            Assert.Equal(text.Settings, parsed.Settings);
        });
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
