using ControlNetSharp.Text;
using Xunit;

namespace ControlNetSharp.Tests.Text;

public class EditedTextTests
{
    [Theory]
    // The words of steps 1 to 4.
    [InlineData("a [red:blue:0.5] car", "a red car|a red car|a blue car|a blue car")]
    [InlineData("a [red:blue:1] car", "a red car|a blue car|a blue car|a blue car")]
    [InlineData("a [red:blue:1.0] car", "a red car|a red car|a red car|a red car")]
    [InlineData("a [red:blue:.99] car", "a red car|a red car|a red car|a blue car")]
    [InlineData("a [red:blue:0] car", "a blue car|a blue car|a blue car|a blue car")]
    [InlineData("a [red:blue: 3 ] car", "a red car|a red car|a red car|a blue car")]
    [InlineData("a [red:blue:99] car", "a red car|a red car|a red car|a red car")]
    [InlineData("a[ red:2] car", "a car|a car|a red car|a red car")]
    [InlineData("a[ red::2] car", "a red car|a red car|a car|a car")]
    [InlineData("[cow|horse] in a field", "cow in a field|horse in a field|cow in a field|horse in a field")]
    [InlineData("[a|b|]", "a|b||a")]
    [InlineData("[a [b:c:1]:[d|e]:2]", "a b|a c|d|e")]
    [InlineData("([red:(blue:1.3):2] car:1.2)", "(red car:1.2)|(red car:1.2)|((blue:1.3) car:1.2)|((blue:1.3) car:1.2)")]
    [InlineData("[(a:1.2)|b]", "(a:1.2)|b|(a:1.2)|b")]
    [InlineData("[[a|b]]", "[a]|[b]|[a]|[b]")]
    [InlineData("[a [b|c]", "[a b|[a c|[a b|[a c")]
    [InlineData("[photo BREAK [x:2]:y:3]", "photo BREAK |photo BREAK |photo BREAK x|y")]
    public void At_EachStep_GivesItsWords(string prompt, string expected)
    {
        var text = EditedText.Parse(prompt);
        Assert.True(text.Changes);
        Assert.Equal(expected, string.Join('|', Enumerable.Range(1, 4).Select(step => text.At(step, 4))));
    }

    [Theory]
    [InlineData("a cat")]
    [InlineData("[red] car, 3:2")]
    [InlineData(@"a \[red|blue\] car")]
    [InlineData(@"a \[red:blue:0.5\] car")]
    [InlineData("[a:b]")]
    [InlineData("[a:b:c]")]
    [InlineData("[a:1e3]")]
    [InlineData("(a|b)")]
    [InlineData("[a:b:0.5")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("a\\")]
    public void At_OfTextThatOnlyLooksLikeIt_IsThatText(string prompt)
    {
        var text = EditedText.Parse(prompt);
        Assert.False(text.Changes);
        Assert.Equal(prompt, text.At(3, 4));
    }

    [Fact]
    public void At_InASecondPass_CountsOn()
    {
        string Words(string prompt) => string.Join('|', Enumerable.Range(1, 4).Select(step => EditedText.Parse(prompt).At(step, 4, before: 10)));
        Assert.Equal("b|b|b|b", Words("[a:b:5]"));
        Assert.Equal("a|a|b|b", Words("[a:b:12]"));
        Assert.Equal("b|b|b|b", Words("[a:b:0.5]"));
        Assert.Equal("a|a|b|b", Words("[a:b:1.5]"));
    }

    [Fact]
    public void Parse_OfManyBrackets_TakesThem_AndRefusesThoseThatNestTooDeep()
    {
        Assert.False(EditedText.Parse(new string('[', 200_000) + new string('(', 200_000)).Changes);
        Assert.False(EditedText.Parse(new string('(', 100_000) + "a" + new string(')', 100_000)).Changes);
        Assert.Contains("deeper than 50", Assert.Throws<PromptException>(() => EditedText.Parse(new string('[', 100_000) + new string(']', 100_000))).Message, StringComparison.Ordinal);
        string Nested(int depth) => string.Concat(Enumerable.Repeat("[a:", depth)) + string.Concat(Enumerable.Repeat(":2]", depth));
        Assert.True(EditedText.Parse(Nested(50)).Changes);
        Assert.Contains("deeper than 50", Assert.Throws<PromptException>(() => EditedText.Parse(Nested(10_000))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a [red:blue|green] car", "[red:blue|green]")]
    [InlineData("a [red:blue:green:0.5] car", "3 colons")]
    public void Parse_OfMixedForms_NamesThem(string prompt, string expected) => Assert.Contains(expected, Assert.Throws<PromptException>(() => EditedText.Parse(prompt)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a cat AND a dog", "a cat =1|a dog=1")]
    [InlineData("a cat :1.2 AND a dog: -.5 AND x:3.", "a cat=1.2|a dog=-0.5|x=3")]
    [InlineData("a cat :1.2", "a cat :1.2=1")]
    [InlineData("BRAND and SAND", "BRAND and SAND=1")]
    [InlineData("a <lora:x:1> AND [b:c:1]", "a  =1|b=1")]
    public void ParsedPrompt_HasThePartsThatAndJoins_WithTheirWeights(string prompt, string expected) =>
        Assert.Equal(expected, string.Join('|', ParsedPrompt.Parse(prompt).Parts.Select(part => $"{part.Text.At(1, 4).TrimStart()}={part.Weight}")));

    [Fact]
    public void ParsedPrompt_WithAndWhereItCannotBe_IsRefused()
    {
        Assert.Contains("AND inside of brackets", Assert.Throws<PromptException>(() => ParsedPrompt.Parse("[a AND b:c:0.5]")).Message, StringComparison.Ordinal);
        Assert.Contains("AND", Assert.Throws<PromptException>(() => ParsedPrompt.ParseNegative("a AND b")).Message, StringComparison.Ordinal);
        Assert.Contains("<lora:a>", Assert.Throws<PromptException>(() => ParsedPrompt.ParseNegative("a<lora:a>")).Message, StringComparison.Ordinal);
        Assert.Contains("1.2.3", Assert.Throws<PromptException>(() => ParsedPrompt.Parse("[a:(b:1.2.3):3]").Pieces(4)).Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], ParsedPrompt.Parse("[a|b]").Pieces(4).Select(piece => piece.Text));
    }
}
