using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Runtime;

public class TensorArithmeticTests
{
    private const int Rounds = 30_000;

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Int64)]
    public void EachOperation_IsThatOfTorchSharp_InValueAndType(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (tensor(new[] { -3L, 0, 2, 100 }).to(type), tensor(new[] { 5L, -7, 1, 3 }).to(type));
        AssertSame(x + y, x.Plus(y));
        AssertSame(x + 3, x.Plus(3));
        AssertSame(x - 3, x.Minus(3));
        AssertSame(3 - x, x.SubtractedFrom(3));
        AssertSame(x * 3, x.Times(3));
        AssertSame(x / 4, x.Over(4));
        AssertSame(x.clamp(max: 1), x.AtMost(1));
        AssertSame(x.clamp(min: 1), x.AtLeast(1));
        AssertSame(arange(3, ScalarType.Int64), TensorArithmetic.Indices(3, CPU));
        if (type is not ScalarType.Int64)
        {
            AssertSame(x * 0.1, x.Times(0.1));
            AssertSame(0.1 - x, x.SubtractedFrom(0.1));
            AssertSame(x / 0.3, x.Over(0.3));
        }
    }

    /// <summary>The operators of TorchSharp fail at this within ten thousand rounds.</summary>
    [Fact]
    public async Task Results_WhileAnotherThreadMakesGarbage_StayRight()
    {
        using var ended = new CancellationTokenSource();
        var collecting = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                // Large enough for a full collection every few dozen.
                GC.KeepAlive(new byte[200_000]);
            }
        }, TestContext.Current.CancellationToken);
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2, 3 });
        for (var round = 0; round < Rounds; round++)
        {
            using var inner = NewDisposeScope();
            Assert.Equal([2.5f, 4.5f, 6.5f], x.Plus(x).Plus(1).Times(2).Minus(1).Over(2).data<float>().ToArray());
        }

        await ended.CancelAsync();
        await collecting;
    }

    private static void AssertSame(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.dtype, found.dtype);
        Assert.True(expected.equal(found).all().item<bool>(), $"{expected.ToString(TorchSharp.TensorStringStyle.Numpy)} {found.ToString(TorchSharp.TensorStringStyle.Numpy)}");
    }
}
