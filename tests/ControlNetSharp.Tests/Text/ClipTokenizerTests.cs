using System.Text.Json;
using ControlNetSharp.Text;
using Xunit;

namespace ControlNetSharp.Tests.Text;

public class ClipTokenizerTests
{
    private const string File = "clip_tokens.json";
    private static readonly ClipTokenizer Tokenizer = ClipTokenizer.Default;

    private static JsonElement[] Prompts => [.. Goldens.Json(File).GetProperty("prompts").EnumerateArray()];

    [Fact]
    public void StartAndEndToken_AreThoseOfTheVocabulary()
    {
        var golden = Goldens.Json(File);
        Assert.Equal(golden.GetProperty("start").GetInt32(), Tokenizer.StartToken);
        Assert.Equal(golden.GetProperty("end").GetInt32(), Tokenizer.EndToken);
    }

    // The README's must-pass set: prompts that ftfy's repair and HTML unescaping leave as they are.
    [Fact]
    public void Encode_OfPromptsThatNeedNoRepair_GivesClipsIds() => AssertIds(Prompts.Where(prompt => prompt.GetProperty("same_without_ftfy_and_unescape").GetBoolean()));

    [Fact]
    public void Encode_OfPromptsThatNeedRepair_GivesClipsIds()
    {
        // The repair follows ftfy for what occurs in prompts, not for everything it can do, so only our own damaged prompts are promised.
        Assert.SkipWhen(Goldens.IsOverride, "Prompts of another folder may need repairs that are not promised.");
        AssertIds(Prompts.Where(prompt => !prompt.GetProperty("same_without_ftfy_and_unescape").GetBoolean()));
    }

    [Theory]
    [InlineData("ids77_pad0", false)]
    [InlineData("ids77_padeot", true)]
    public void Pad_GivesClipsRows(string column, bool padWithEnd)
    {
        foreach (var prompt in Prompts)
        {
            var row = Tokenizer.Pad(Ids(prompt, "ids"), padWithEnd ? Tokenizer.EndToken : 0);
            Assert.Equal(Ids(prompt, column).Select(id => (long)id), row);
        }
    }

    [Theory]
    [InlineData("a café on the corner", "a cafe\u0301 on the corner")]
    [InlineData("việt nam", "vie\u0323\u0302t nam")]
    [InlineData("한국", "\u1112\u1161\u11AB\u1100\u116E\u11A8")]
    [InlineData("© 2020 & more", "&copy 2020 &amp more")]
    [InlineData("caf\u00E9", "caf&eacute;")]
    [InlineData("it's", "it&#x27;s")]
    [InlineData("it's", "it&amp;#39;s")]
    [InlineData("schön", "schÃ¶n")]
    [InlineData("noël", "noÃ«l")]
    [InlineData("привет", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚")]
    [InlineData("it's \"here\"", "It\u2019s \u201Chere\u201D")]
    [InlineData("ΑΣ ΣΑΣ.", "ας σας.")]
    [InlineData("hello", "\uFF28\uFF25\uFF2C\uFF2C\uFF2F")]
    [InlineData("red car", "\u001B[31mred\u001B[0m car")]
    public void Encode_OfDamagedText_GivesTheIdsOfTheSoundText(string sound, string damaged) => Assert.Equal(Tokenizer.Encode(sound), Tokenizer.Encode(damaged));

    [Theory]
    [InlineData("déjà\u00A0«\u00A0vu\u00A0»")]
    [InlineData("CAFÉ’S")]
    [InlineData("A–B — MÜNCHEN…")]
    [InlineData("fish & chips &unknown; &; &#; R&D")]
    public void Encode_OfSoundText_LeavesItsCharacters(string text)
    {
        var expected = text.ToLowerInvariant().Replace('\u00A0', ' ').Replace('’', '\'');
        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Tokenizer.Decode(Tokenizer.Encode(text)).Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Encode_OfLettersBeyondTheBasicPlane_KeepsThemInOneWord()
    {
        // As one word these end with one end-of-word piece; split apart each letter would have its own, and Decode would show a space between them.
        Assert.Equal("𝓗𝓮𝓵", Tokenizer.Decode(Tokenizer.Encode("𝓗𝓮𝓵")));
        Assert.Equal("𝟘 𝟙", Tokenizer.Decode(Tokenizer.Encode("𝟘𝟙")));
    }

    [Fact]
    public void Decode_OfEncodedPrompts_GivesThemBackInLowerCase()
    {
        Assert.Equal("a blue cup on a table , 8 5 mm", Tokenizer.Decode(Tokenizer.Encode("A blue  cup on a Table, 85mm")));
        Assert.Equal("a cat", Tokenizer.Decode([Tokenizer.StartToken, .. Tokenizer.Encode("a cat"), Tokenizer.EndToken, Tokenizer.EndToken]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(49408)]
    public void Decode_OfAnUnknownId_NamesTheRange(int id)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([id]));
        Assert.Contains("0 to 49407", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_BySeveralThreads_GivesTheSameIdsAsByOne()
    {
        var texts = Enumerable.Range(0, 500).Select(i => $"prompt number {i * 7919} with word{i} and Ωmega {i}").ToArray();
        var together = new IReadOnlyList<int>[texts.Length];
        Parallel.For(0, texts.Length, i => together[i] = Tokenizer.Encode(texts[i]));
        Assert.All(texts.Index(), text => Assert.Equal(Tokenizer.Encode(text.Item), together[text.Index]));
    }

    [Fact]
    public void Encode_OfHalfASurrogatePair_ReadsTheReplacementCharacter() => Assert.Equal(Tokenizer.Encode("a\uFFFDb"), Tokenizer.Encode("a\uD83Db"));

    private static void AssertIds(IEnumerable<JsonElement> prompts)
    {
        var all = prompts.ToArray();
        Assert.SkipWhen(all.Length == 0, "The golden file has no such prompts.");
        Assert.All(all, prompt => Assert.Equal(Ids(prompt, "ids"), Tokenizer.Encode(prompt.GetProperty("prompt").GetString()!)));
    }

    private static int[] Ids(JsonElement prompt, string column) => [.. prompt.GetProperty(column).EnumerateArray().Select(id => id.GetInt32())];
}
