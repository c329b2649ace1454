using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

internal static class PictureAssert
{
    /// <summary>Fails with the largest difference, where it is and both values, where two pictures differ in size or in any sample by more than so many of 255 levels.</summary>
    public static void WithinLevels(Picture expected, Picture actual, int levels, string what)
    {
        Assert.True((expected.Width, expected.Height) == (actual.Width, actual.Height), $"{what}: {actual.Width} x {actual.Height}, expected {expected.Width} x {expected.Height}");
        var worst = Enumerable.Range(0, expected.Rgb.Length).MaxBy(i => Math.Abs(expected.Rgb[i] - actual.Rgb[i]));
        var (e, a) = (expected.Rgb[worst], actual.Rgb[worst]);
        Assert.True(Math.Abs(e - a) <= levels, $"{what}: largest difference {Math.Abs(e - a)} > {levels} at x {worst / 3 % expected.Width}, y {worst / 3 / expected.Width}, channel {worst % 3}: expected {e}, got {a}");
    }
}
