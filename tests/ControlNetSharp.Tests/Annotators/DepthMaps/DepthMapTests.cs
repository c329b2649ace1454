using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.DepthMaps;

public class DepthMapTests
{
    [Fact]
    public void Hint_IsBrightWhereItIsNear_AndBlackWhereNothingWasMeasured()
    {
        var hint = new DepthMap(6, 1, [1, 2, 4, 0, float.NaN, float.PositiveInfinity]).ToHint();
        Assert.Equal((255, 255, 255), hint.At(0, 0));
        // 1/2 lies a third of the way from 1/4 to 1.
        Assert.Equal((85, 85, 85), hint.At(1, 0));
        Assert.All([2, 3, 4, 5], x => Assert.Equal((0, 0, 0), hint.At(x, 0)));
    }

    [Fact]
    public void Hint_ByDepthItself_FallsEvenly() =>
        Assert.Equal((170, 170, 170), new DepthMap(3, 1, [1, 2, 4]).ToHint(new() { Inverse = false }).At(1, 0));

    [Fact]
    public void Hint_WithNearAndFar_IsCutThere()
    {
        var hint = new DepthMap(4, 1, [0.5f, 1, 3, 50]).ToHint(new() { Near = 1, Far = 5, Inverse = false });
        Assert.Equal([255, 255, 128, 0], Enumerable.Range(0, 4).Select(x => hint.At(x, 0).R));
    }

    [Fact]
    public void WholeNumbers_AreMillimetres_UnlessTheUnitIsGiven()
    {
        var map = new DepthMap(3, 1, [1000, 3000, 5000], isWhole: true);
        Assert.Equal(128, map.ToHint(new() { Near = 1, Far = 5, Inverse = false }).At(1, 0).R);
        Assert.Equal(128, map.ToHint(new() { Near = 0.1, Far = 0.5, Inverse = false, Unit = 0.0001 }).At(1, 0).R);
    }

    [Theory]
    [InlineData(94, true)]
    [InlineData(60_000, true)]
    [InlineData(94, false)]
    [InlineData(60_000, false)]
    public void Hint_WithAFewOutliers_KeepsTheRangeOfTheRest(float outlier, bool inverse)
    {
        float[] values = [.. Enumerable.Range(0, 10_000).Select(i => 2000f + i / 5)];
        float[] with = [.. values.Select((value, i) => i % 300 == 7 ? outlier : value)];
        var options = new DepthMapOptions { Inverse = inverse };
        var (clean, spoilt) = (new DepthMap(100, 100, values, isWhole: true).ToHint(options), new DepthMap(100, 100, with, isWhole: true).ToHint(options, out var reading));
        Assert.All(Enumerable.Range(0, values.Length).Where(i => i % 300 != 7), i => Assert.InRange(spoilt.Rgb[3 * i] - clean.Rgb[3 * i], -1, 1));
        Assert.Equal(outlier < 2000 ? 255 : 0, spoilt.Rgb[3 * 7]);
        Assert.Contains(outlier < 2000 ? "what is nearer (from 0.094 m) too" : "what is farther (up to 60 m) too", reading, StringComparison.Ordinal);
    }

    [Fact]
    public void Hint_OfASmallNearThing_KeepsItsGrey()
    {
        // A third of a percent of the pixels, but not far from the rest.
        float[] values = [.. Enumerable.Range(0, 10_000).Select(i => i < 30 ? 2.6f + i / 200f : 3 + i / 5000f)];
        var hint = new DepthMap(100, 100, values).ToHint();
        Assert.Equal(255, hint.Rgb[0]);
        Assert.InRange(hint.Rgb[3 * 29], 200, 250);
    }

    [Theory]
    [InlineData(65535, true)]
    [InlineData(1, false)]
    public void AMapThatFillsItsRange_IsRelative_AndNearIsLarge(float top, bool isWhole)
    {
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => i / 999f * top)];
        var map = new DepthMap(100, 10, isWhole ? Array.ConvertAll(values, MathF.Round) : values, isWhole);
        var hint = map.ToHint(null, out var reading);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.InRange(hint.Rgb[3 * i] - 255 * i / 999.0, -0.8, 0.8));
        Assert.Contains("relative map, near is large, because its values fill the range", reading, StringComparison.Ordinal);
        Assert.Contains("large=far", reading, StringComparison.Ordinal);
        Assert.Equal(0, map.ToHint(new() { Large = DepthEnd.Far }).Bytes()[^1]);
        Assert.Contains("measured", Reading(map, new() { Far = 5 }), StringComparison.Ordinal);
    }

    [Fact]
    public void ASensorsMillimetres_WithHolesAndSaturation_AreNoRelativeMap()
    {
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => i < 100 ? 0 : i < 200 ? 65535 : 400f + 9 * i)];
        Assert.Contains("measured", Reading(new DepthMap(100, 10, values, isWhole: true)), StringComparison.Ordinal);
        // Nor are metres up to one, or whole numbers that go on beyond 16 bits.
        Assert.Contains("measured", Reading(new DepthMap(100, 10, [.. Enumerable.Range(0, 1000).Select(i => 0.3f + 0.0007f * i)])), StringComparison.Ordinal);
        Assert.Contains("measured", Reading(new DepthMap(100, 10, [.. Enumerable.Range(0, 1000).Select(i => 100f * i)], isWhole: true)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    public void APictureOf8BitsIn16_IsRelative(int step) =>
        Assert.Contains("8 bits in 16", Reading(new DepthMap(100, 1, [.. Enumerable.Range(0, 100).Select(i => (float)(step * (40 + i)))], isWhole: true)), StringComparison.Ordinal);

    [Fact]
    public void ALevelsShareOfOne_IsRelative() =>
        Assert.Contains("fill the range from 0 to 1", Reading(new DepthMap(255, 1, [.. Enumerable.Range(1, 255).Select(i => i / 255f)])), StringComparison.Ordinal);

    [Fact]
    public void Large_SaysWhatTheMapDoesNot()
    {
        // As MiDaS writes it raw: no unit, no fixed range, and values below 0 are possible. 0 is a hole in a map of disparity.
        var map = new DepthMap(4, 1, [-100, 0, 900, 400]);
        Assert.Equal([0, 26, 255, 128], Enumerable.Range(0, 4).Select(x => map.ToHint(new() { Large = DepthEnd.Near }).At(x, 0).R));
        Assert.Equal([0, 0, 255], Enumerable.Range(0, 3).Select(x => new DepthMap(3, 1, [0, 100, 200]).ToHint(new() { Large = DepthEnd.Near }).At(x, 0).R));
        Assert.Contains("which a map has none of", Assert.Throws<ArgumentException>(() => map.ToHint(new() { Large = DepthEnd.Near, Far = 3 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatARendererDidNotHit_IsNotMeasured() =>
        Assert.Equal([255, 0, 0, 0], Enumerable.Range(0, 4).Select(x => new DepthMap(4, 1, [1, 5, 1e10f, float.PositiveInfinity]).ToHint(new() { Inverse = false }).At(x, 0).R));

    private static string Reading(DepthMap map, DepthMapOptions? options = null)
    {
        map.ToHint(options, out var reading);
        return reading;
    }

    [Fact]
    public void Hint_OfAPlane_IsWhite() => Assert.Equal((255, 255, 255), new DepthMap(2, 1, [3, 3]).ToHint().At(1, 0));

    [Theory]
    [InlineData("Near", -1.0, null)]
    [InlineData("Near", double.NaN, null)]
    [InlineData("Far", null, 0.0)]
    [InlineData("Far", 4.0, 2.0)]
    public void Options_OutOfRange_AreNamed(string name, double? near, double? far)
    {
        var e = Assert.ThrowsAny<ArgumentException>(() => new DepthMap(1, 1, [1]).ToHint(new() { Near = near, Far = far }));
        Assert.Equal(name, e.ParamName);
    }

    [Fact]
    public void Maps_WithNothingInRange_SayWhatWasMeasured()
    {
        Assert.Contains("no depth was measured", Assert.Throws<PictureException>(() => new DepthMap(2, 1, [0, -1]).ToHint()).Message, StringComparison.Ordinal);
        var e = Assert.Throws<PictureException>(() => new DepthMap(2, 1, [1000, 2000], isWhole: true, name: "d.png").ToHint(new() { Near = 10 }));
        Assert.Contains("d.png: the measured depth goes from 1 to 2 m (one unit is 0.001 m), near is 10 m and far 2 m", e.Message, StringComparison.Ordinal);
        Assert.Contains("A map of 2 x 2 has 4 values, not 3", Assert.Throws<ArgumentException>(() => new DepthMap(2, 2, [1, 2, 3])).Message, StringComparison.Ordinal);
    }
}
