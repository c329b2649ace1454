using System.Runtime.InteropServices;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Runtime;

public sealed class PaddedWeightTests : IDisposable
{
    private readonly TorchSharp.DisposeScope _scope = NewDisposeScope();
    private readonly PaddedWeight _padded = new();
    private int _pads;

    public void Dispose()
    {
        _padded.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Of_AWeightThatStaysTheSame_PadsOnce()
    {
        var weight = Weight();
        var first = Of(weight);
        Of(weight).Dispose();
        Assert.Equal([2, 32, 1, 1], Of(weight).shape);
        Assert.Equal(1, _pads);
        Assert.Equal(2, first.sum().item<float>());
    }

    [Theory]
    [InlineData("copy")]
    [InlineData("in place")]
    [InlineData("through a view")]
    [InlineData("detached")]
    [InlineData("index")]
    [InlineData("file")]
    public void Of_AWeightThatChanged_PadsTheNewOne(string change)
    {
        var weight = Weight();
        Of(weight);
        using (no_grad())
        {
            switch (change)
            {
                case "copy":
                    weight.copy_(full_like(weight, 3));
                    break;
                case "in place":
                    weight.mul_(tensor(3f));
                    break;
                case "through a view":
                    weight.view(-1).narrow(0, 0, 2).fill_(3);
                    break;
                case "detached":
                    weight.detach().fill_(3);
                    break;
                case "index":
                    weight[0, 0, 0, 0] = tensor(5f);
                    break;
                case "file":
                    new StoredTensor("file", "weight", "F32", [2, 1, 1, 1], new Threes(), 0).ReadInto(weight);
                    break;
            }
        }

        Assert.Equal(6, Of(weight).sum().item<float>());
        Assert.Equal(2, _pads);
    }

    [Fact]
    public void Of_AnotherWeightOrType_PadsThat()
    {
        var weight = Weight();
        Of(weight);
        Assert.Equal(ScalarType.BFloat16, _padded.Of(weight, ScalarType.BFloat16, Padded).dtype);
        Assert.Equal(ScalarType.Float32, Of(weight).dtype);
        Assert.Equal(10, Of(new Parameter(full(2, 1, 1, 1, 5f), requires_grad: false)).sum().item<float>());
        Assert.Equal(4, _pads);
    }

    [Fact]
    public void Of_AWeightThatIsTrained_PadsEachTime_AndTakesItsGradient()
    {
        var weight = Weight();
        Of(weight);
        weight.requires_grad = true;
        Of(weight);
        Of(weight).sum().backward();
        Assert.Equal(2, weight.grad!.sum().item<float>());
        weight.requires_grad = false;
        Of(weight);
        Assert.Equal(4, _pads);
    }

    [Fact]
    public void Of_InInferenceMode_KeepsNothingThatGradientsCouldNotUse()
    {
        var weight = Weight();
        using (inference_mode(true))
        {
            Of(weight);
        }

        var x = ones(2, 32, 1, 1).requires_grad_();
        x.mul(Of(weight)).sum().backward();
        Assert.Equal(2, x.grad!.sum().item<float>());
    }

    private static Parameter Weight() => new(ones(2, 1, 1, 1), requires_grad: false);

    private Tensor Of(Tensor weight) => _padded.Of(weight, ScalarType.Float32, Padded);

    private Tensor Padded(Tensor weight)
    {
        _pads++;
        return nn.functional.pad(weight, [0, 0, 0, 0, 0, 31]);
    }

    /// <summary>Two floats of 3.</summary>
    private sealed class Threes : StoredBytes
    {
        public override long Length => 8;

        public override void CopyTo(long offset, Span<byte> target)
        {
            float[] values = [3, 3];
            MemoryMarshal.AsBytes(values.AsSpan()).Slice((int)offset, target.Length).CopyTo(target);
        }
    }
}
