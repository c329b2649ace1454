using ControlNetSharp.Text;
using Xunit;

namespace ControlNetSharp.Tests.Text;

public class ExtraNetworksTests
{
    [Theory]
    [InlineData("a cat <lora:ink>", "a cat ", "ink 1 1")]
    [InlineData("<lora:ink:0.5>a cat", "a cat", "ink 0.5 0.5")]
    [InlineData("a <lora:my ink:0.5:-1.5>cat", "a cat", "my ink 0.5 -1.5")]
    [InlineData("a cat<lora:ink:te=0.25:unet=2>", "a cat", "ink 0.25 2")]
    [InlineData("a cat<lora:ink:0.3:unet=2>", "a cat", "ink 0.3 2")]
    [InlineData("<lyco:a:1><lora:b/c:.5> a cat", " a cat", "a 1 1|b/c 0.5 0.5")]
    [InlineData("a cat, 1 < 2 <b:c>", "a cat, 1 < 2 <b:c>", "")]
    public void Split_TakesTheTagsOut_WithTheWeightOfTheTextFirst(string prompt, string text, string expected)
    {
        var (rest, networks) = ExtraNetworks.Split(prompt);
        Assert.Equal(text, rest);
        Assert.Equal(expected, string.Join('|', networks.Select(network => $"{network.Name} {network.TextWeight} {network.UNetWeight}")));
    }

    [Theory]
    [InlineData("<lora:>")]
    [InlineData("<lora:ink:strong>")]
    [InlineData("<lora:ink:nan>")]
    [InlineData("<lora:ink:1:1:8>")]
    [InlineData("<lora:ink:1:dyn=8>")]
    [InlineData("<lora:ink:te=1:te=2>")]
    [InlineData("<hypernet:ink:1>")]
    public void Split_OfATagThatIsNotWrittenSo_NamesIt(string tag) => Assert.Contains($"\"{tag}\"", Assert.Throws<PromptException>(() => ExtraNetworks.Split("a cat " + tag)).Message, StringComparison.Ordinal);
}
