using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Runtime;

public class ConvolutionCheckTests
{
    [Theory]
    [InlineData(false, false, null, null, ConvolutionState.Right, "libtorch's own", "plain")]
    [InlineData(false, false, "146", null, ConvolutionState.Padded, "padded to whole blocks: 146", "plain padded")]
    [InlineData(false, false, "146", "0", ConvolutionState.Wrong, "padded to whole blocks, 0.", "plain padded")]
    [InlineData(false, true, null, null, ConvolutionState.Padded, "hides the sizes of its caches", "padded")]
    [InlineData(false, true, null, "0", ConvolutionState.Wrong, "wrongly on this machine's CPU", "padded")]
    [InlineData(true, false, null, null, ConvolutionState.Padded, "CONTROLNETSHARP_PAD_CONVOLUTIONS is 1", "padded")]
    public void Decide_GoesByCpuidThenByTheNumbers_AndTriesWhatWillBeUsed(
        bool isForced, bool hidesCaches, string? plain, string? padded, ConvolutionState state, string reason, string tried)
    {
        var tries = new List<string>();
        var report = ConvolutionCheck.Decide(isForced, hidesCaches, pads =>
        {
            tries.Add(pads ? "padded" : "plain");
            return pads ? padded : plain;
        });
        Assert.Equal(state, report.State);
        Assert.Contains(reason, report.Reason, StringComparison.Ordinal);
        Assert.Equal(tried, string.Join(' ', tries));
    }

    [Fact]
    public void Report_OfThisMachine_IsThatItConvolvesRightly_PaddedOrNot() =>
        Assert.NotEqual(ConvolutionState.Wrong, ConvolutionCheck.Report.State);

    [Fact]
    public void Layers_WhereConvolutionsAreWrong_RefuseTheCpu_WithTheReason()
    {
        using var scope = NewDisposeScope();
        using var assumed = new AssumedConvolutions(ConvolutionState.Wrong, "146 for 153");
        var x = zeros(1, 4, 8, 8);
        var convolution = new ConvolutionLayer(4, 4, 3, 1, 1, Placement.Cpu32);
        var transposed = new TransposedConvolutionLayer(4, 4, 2, 2, 0, 0, Placement.Cpu32);
        Assert.Equal("146 for 153", Assert.Throws<RuntimeUnavailableException>(() => convolution.call(x)).Message);
        Assert.Equal("146 for 153", Assert.Throws<RuntimeUnavailableException>(() => transposed.call(x)).Message);
    }
}
