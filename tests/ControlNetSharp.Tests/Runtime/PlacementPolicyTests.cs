using System.Runtime.InteropServices;
using ControlNetSharp.Runtime;
using Xunit;

namespace ControlNetSharp.Tests.Runtime;

public class PlacementPolicyTests
{
    private const string CpuInfo = "/proc/cpuinfo";

    [Fact]
    public void CpuHasBf16_IsWhatTheKernelSaysOfTheProcessor()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 && File.Exists(CpuInfo), $"Only an x64 Linux lists the flags in {CpuInfo}.");
        var flags = File.ReadLines(CpuInfo).First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ');
        Assert.Equal(flags.Contains("avx512_bf16") || flags.Contains("amx_bf16"), PlacementPolicy.CpuHasBf16);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("ALL", true)]
    [InlineData("AVX512_CORE_BF16", true)]
    [InlineData("AVX512_CORE_AMX", true)]
    [InlineData("AVX512_CORE", false)]
    [InlineData("avx2", false)]
    public void Bf16_WhereOneDnnIsToldToDoWithoutItsInstructions_IsNotChosen(string? newestSet, bool isAllowed) =>
        Assert.Equal(isAllowed, PlacementPolicy.AllowsBf16(newestSet));
}
