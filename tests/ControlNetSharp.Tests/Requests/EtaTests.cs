using ControlNetSharp.Requests;
using Xunit;

namespace ControlNetSharp.Tests.Requests;

/// <summary>The fresh noise that a request asks for, in its own words and in those of stable-diffusion-webui.</summary>
public class EtaTests
{
    private static readonly GenerationRequest Request = new() { Prompt = "a house", Size = (64, 64) };
    private static readonly InfotextFacts Facts = new() { Model = new("m", null), Seed = 5, Size = (64, 64) };

    [Theory]
    [InlineData("TCD", 0.5, "Eta: 0.5")]
    [InlineData("Euler a", 0.67, "Eta: 0.67")]
    [InlineData("DDIM", 0.2, "Eta DDIM: 0.2")]
    public void Infotext_SaysIt_AndIsReadBack(string sampler, double eta, string expected)
    {
        var written = InfotextWriter.Describe(Request with { Sampler = sampler, Eta = eta }, Facts).ToString();
        Assert.Contains(expected, written, StringComparison.Ordinal);
        var read = InfotextRequest.Of(Infotext.Parse(written));
        Assert.Equal((sampler, eta), (read.Request.Sampler, read.Request.Eta));
        Assert.DoesNotContain(read.Losses, loss => loss.ToString().Contains("Eta", StringComparison.Ordinal));
        Assert.Equal(eta, read.Request.Sampling.Eta);
    }

    [Theory]
    [InlineData("TCD", 0.3)]
    [InlineData("TCD", null)]
    [InlineData("Euler", null)]
    public void Infotext_OfTheUsual_IsSilent(string sampler, double? eta) =>
        Assert.DoesNotContain("Eta", InfotextWriter.Describe(Request with { Sampler = sampler, Eta = eta }, Facts).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("TCD", 1.1, "from 0 to 1")]
    [InlineData("TCD", -0.1, "from 0 to 1")]
    [InlineData("Euler", 0.5, "the sampler is Euler")]
    [InlineData("LCM", 0.5, "Euler a, DDIM, TCD")]
    public void Request_WithAnEtaThatCannotBe_IsRefused(string sampler, double eta, string expected)
    {
        var e = Assert.Throws<RequestException>((Request with { Sampler = sampler, Eta = eta }).Check);
        Assert.Equal("eta", e.Member);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }
}
