using ControlNetSharp.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Runtime;

public class PlacementChoiceTests
{
    [Theory]
    [InlineData("fp32", ScalarType.Float32)]
    [InlineData("bf16", ScalarType.BFloat16)]
    [InlineData("auto", null)]
    public void Choose_OnACpu_TakesTheDtypeAskedFor_AndForAutoBf16OnlyWhereItIsInHardware(string dtype, ScalarType? expected)
    {
        var placement = PlacementPolicy.Choose("cpu", dtype);
        Assert.Equal(DeviceType.CPU, placement.Device.type);
        Assert.Equal(expected ?? (PlacementPolicy.CpuIsFastInBf16 ? ScalarType.BFloat16 : ScalarType.Float32), placement.Dtype);
    }

    [Theory]
    [InlineData("cpu", "fp16", "fp16", "use auto, bf16 or fp32")]
    [InlineData("cpu", "fp64", "fp64", "auto, fp32, bf16, fp16")]
    [InlineData("gpu", "auto", "gpu", "cpu or cuda:N")]
    [InlineData("cuda", "auto", "cuda", "cpu or cuda:N")]
    [InlineData("cuda:", "auto", "cuda:", "cpu or cuda:N")]
    [InlineData("cuda:-1", "auto", "cuda:-1", "cpu or cuda:N")]
    [InlineData("cuda:1x", "auto", "cuda:1x", "cpu or cuda:N")]
    public void Check_WithANameThatIsNotKnown_NamesItAndWhatIsAllowed(string device, string dtype, string given, string allowed)
    {
        var e = Assert.Throws<UnknownNameException>(() =>
        {
            PlacementPolicy.CheckDevice(device);
            PlacementPolicy.CheckDtype(device, dtype);
        });
        Assert.Equal(given, e.Name);
        Assert.Contains(allowed, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfFp16OnAGpu_IsAllowed() => PlacementPolicy.CheckDtype("cuda:3", "fp16");

    [Fact]
    public void Choose_OfAGpuThatIsNotThere_NamesTheDevice()
    {
        var e = Assert.Throws<RuntimeUnavailableException>(() => PlacementPolicy.Choose("cuda:99", "auto"));
        Assert.Equal("cuda:99", e.Device);
        Assert.StartsWith("cuda:99: libtorch finds", e.Message, StringComparison.Ordinal);
    }
}
