using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

internal static class HintAssert
{
    /// <summary>Fails where more than this share of the pixels differ by more than so many of 255 levels in any channel.</summary>
    public static void MostPixelsWithin(Picture expected, Picture actual, int levels, double share, string what)
    {
        Assert.True((expected.Width, expected.Height) == (actual.Width, actual.Height), $"{what}: {actual.Width} x {actual.Height}, expected {expected.Width} x {expected.Height}");
        var pixels = expected.Width * expected.Height;
        var different = Enumerable.Range(0, pixels).Count(i => Enumerable.Range(3 * i, 3).Any(at => Math.Abs(expected.Rgb[at] - actual.Rgb[at]) > levels));
        Assert.True(different <= share * pixels, $"{what}: {different} of {pixels} pixels differ by more than {levels} levels; at most {share:p1} may.");
    }
}
