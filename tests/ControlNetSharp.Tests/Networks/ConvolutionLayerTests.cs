using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

public class ConvolutionLayerTests
{
    [Theory]
    [InlineData(4, 32, 3, 1)]
    [InlineData(32, 3, 3, 1)]
    [InlineData(8, 8, 1, 1)]
    [InlineData(48, 48, 3, 2)]
    [InlineData(64, 64, 3, 2)]
    [InlineData(32, 64, 3, 1)]
    public void Backward_AgreesWithFloat64_WhateverTheMemoryHeldBefore(int inputs, int outputs, int kernel, int stride)
    {
        using var scope = NewDisposeScope();
        var layer = new ConvolutionLayer(inputs, outputs, kernel, stride, kernel / 2, Placement.Cpu32);
        var parameters = layer.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        using (no_grad())
        {
            parameters["weight"].copy_(randn_like(parameters["weight"]) / Math.Sqrt(inputs * kernel * kernel));
            parameters["bias"].zero_();
        }

        var x = randn(2, inputs, 16, 16);
        var reference = Gradient(layer, x, ScalarType.Float64);
        for (var attempt = 0; attempt < 8; attempt++)
        {
            full([2, 64, 64, 64], attempt % 2 == 0 ? 1000f : float.NaN).Dispose();
            Assert.InRange(Difference(Gradient(layer, x, ScalarType.BFloat16), reference), 0, 0.02);
            Assert.InRange(Difference(Gradient(layer, x, ScalarType.Float32), reference), 0, 1e-5);
        }
    }

    [Theory]
    [InlineData(32, 3, 3)]
    [InlineData(128, 8, 3)]
    [InlineData(64, 4, 3)]
    [InlineData(8, 8, 1)]
    public void Forward_InBf16WithFewOutputChannels_AgreesWithFloat32_WhateverTheMemoryHeldBefore(int inputs, int outputs, int kernel)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var layer = new ConvolutionLayer(inputs, outputs, kernel, 1, kernel / 2, Placement.Cpu32);
        var parameters = layer.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        parameters["weight"].copy_(randn_like(parameters["weight"]) / Math.Sqrt(inputs * kernel * kernel));
        parameters["bias"].zero_();
        var x = randn(1, inputs, 64, 64);
        var reference = layer.call(x);
        for (var attempt = 0; attempt < 4; attempt++)
        {
            full([2, 64, 64, 64], 1000f).Dispose();
            Assert.InRange(Difference(layer.call(x.to(ScalarType.BFloat16)).to(ScalarType.Float32), reference), 0, 0.02);
        }
    }

    [Theory]
    [InlineData(17, 5, 3, 1, 1)]
    [InlineData(20, 20, 3, 2, 20)]
    [InlineData(12, 18, 5, 1, 2)]
    public void Forward_WithPaddedChannels_IsAsWithout_AfterAChangeToo(
        int inputs, int outputs, int kernel, int stride, int groups)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var layer = new ConvolutionLayer(inputs, outputs, kernel, stride, kernel / 2, Placement.Cpu32, groups);
        var parameters = layer.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var x = randn(2, inputs, 9, 9);
        for (var change = 0; change < 2; change++)
        {
            parameters["weight"].copy_(randn_like(parameters["weight"]));
            parameters["bias"].copy_(randn_like(parameters["bias"]));
            AssertSameWhenPadded(x);
        }

        layer.to(ScalarType.Float64).to(ScalarType.Float32);
        layer.parameters().First().mul_(tensor(2f));
        AssertSameWhenPadded(x);
        layer.to(ScalarType.BFloat16);
        AssertSameWhenPadded(x.to(ScalarType.BFloat16), 0.01);

        void AssertSameWhenPadded(Tensor x, double tolerance = 1e-5)
        {
            var plain = layer.call(x);
            using var assumed = new AssumedConvolutions(ConvolutionState.Padded);
            for (var call = 0; call < 2; call++)
            {
                var padded = layer.call(x);
                Assert.Equal(plain.shape, padded.shape);
                Assert.True(padded.is_contiguous());
                Assert.InRange(Difference(padded, plain), 0, tolerance);
            }
        }
    }

    [Fact]
    public void Forward_WithPaddedChannelsAround_WrapsAsWithout()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var layer = new ConvolutionLayer(3, 5, 3, 1, 1, Placement.Cpu32) { WrapsAround = true };
        foreach (var parameter in layer.parameters())
        {
            parameter.copy_(randn_like(parameter));
        }

        var x = randn(1, 3, 9, 9);
        var plain = layer.call(x);
        using var assumed = new AssumedConvolutions(ConvolutionState.Padded);
        Assert.InRange(Difference(layer.call(x), plain), 0, 1e-5);
    }

    private static double Difference(Tensor gradient, Tensor reference) => ((gradient - reference).norm() / reference.norm()).to(ScalarType.Float64).item<double>();

    private static Tensor Gradient(ConvolutionLayer layer, Tensor x, ScalarType dtype)
    {
        var leaf = x.to(dtype, copy: true).detach().requires_grad_();
        layer.call(leaf).to(ScalarType.Float64).square().mean().backward();
        return leaf.grad!.to(ScalarType.Float64);
    }
}
