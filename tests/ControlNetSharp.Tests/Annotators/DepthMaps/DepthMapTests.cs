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

    [Fact]
    public void Hint_OfAPlane_IsWhite() => Assert.Equal((255, 255, 255), new DepthMap(2, 1, [3, 3]).ToHint().At(1, 0));

    [Theory]
    [InlineData("Near", -1.0, null)]
    [InlineData("Near", double.NaN, null)]
    [InlineData("Far", null, 0.0)]
    [InlineData("Far", 4.0, 2.0)]
    public void Options_OutOfRange_AreNamed(string name, double? near, double? far)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => new DepthMap(1, 1, [1]).ToHint(new() { Near = near, Far = far }));
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
