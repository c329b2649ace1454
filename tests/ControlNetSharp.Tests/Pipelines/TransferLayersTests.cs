using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using Xunit;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>In which layers style and composition of a picture lie.</summary>
public sealed class TransferLayersTests
{
    [Theory]
    [InlineData(PictureTransfer.All, "1 1 1 1 1 1 1 1 1 1 1")]
    [InlineData(PictureTransfer.Style, "0 0 0 0 0 0 1 0 0 0 0")]
    [InlineData(PictureTransfer.Composition, "0 0 0 1 0 0 0 0 0 0 0")]
    public void Of_Sdxl_AreThoseOfInstantStyle(PictureTransfer transfer, string factors) =>
        Assert.Equal(factors, string.Join(' ', TransferLayers.Of(transfer, UNetParams.Sdxl)!));

    [Theory]
    [InlineData(PictureTransfer.Style, 11, 11)]
    [InlineData(PictureTransfer.Composition, 2, 1.25)]
    public void Of_Sd15_AreThoseOfComfyUI(PictureTransfer transfer, int layers, double sum)
    {
        var factors = TransferLayers.Of(transfer, UNetParams.Sd15)!;
        Assert.Equal((16, layers, sum), (factors.Count, factors.Count(factor => factor > 0), factors.Sum()));
        Assert.All(factors.Zip(TransferLayers.Of(PictureTransfer.Composition, UNetParams.Sd15)!), pair => Assert.True(transfer != PictureTransfer.Style || pair.First * pair.Second == 0));
    }

    [Fact]
    public void Of_AModelOfOnesOwn_AreKnownOfEverythingAlone()
    {
        Assert.Null(TransferLayers.Of(PictureTransfer.Style, TinyModel.UNetParams));
        Assert.Equal([1, 1, 1, 1], TransferLayers.Of(PictureTransfer.All, TinyModel.UNetParams));
    }
}
