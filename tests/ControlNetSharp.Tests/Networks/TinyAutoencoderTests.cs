using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

/// <summary>TAESD at its real shapes, with formula weights, against the same layers written out in float64.</summary>
public sealed class TinyAutoencoderTests : IDisposable
{
    private readonly TinyAutoencoder _network = FormulaWeights.Fill(new TinyAutoencoder(AutoencoderParams.Tiny(4, hasEncoder: true), Placement.Cpu32), "taesd.", 3);
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Dictionary<string, Tensor> _weights;

    public TinyAutoencoderTests() =>
        _weights = _network.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().to(ScalarType.Float64));

    public void Dispose()
    {
        _scope.Dispose();
        _network.Dispose();
    }

    // taesd.py, Decoder: Clamp, conv, ReLU, 3 blocks, Upsample, conv, 3 blocks, Upsample, conv, 3 blocks, Upsample, conv, block, conv.
    [Fact]
    public void Decode_IsTheOriginalsChainOfLayers()
    {
        using var withoutGradients = no_grad();
        var z = randn([2, 4, 5, 6], generator: new Generator(1)) * 2;
        var h = (z.to(ScalarType.Float64) / 3).tanh() * 3;
        h = Convolved(h, "decoder.1").relu();
        foreach (var first in new[] { 3, 8, 13 })
        {
            h = Block(Block(Block(h, $"decoder.{first}"), $"decoder.{first + 1}"), $"decoder.{first + 2}");
            // Nearest neighbour: each row and column twice.
            h = Convolved(h.repeat_interleave(2, 2).repeat_interleave(2, 3), $"decoder.{first + 4}");
        }

        var expected = Convolved(Block(h, "decoder.18"), "decoder.19") * 2 - 1;
        var actual = _network.Decode(z);
        Assert.Equal([2, 3, 40, 48], actual.shape);
        Goldens.AssertClose(expected.to(ScalarType.Float32), actual, 1e-5, "picture");
    }

    // taesd.py, Encoder: conv, block, then three times a convolution of stride 2 and 3 blocks, then conv.
    [Fact]
    public void Encode_IsTheOriginalsChainOfLayers_OfPicturesFrom0To1()
    {
        using var withoutGradients = no_grad();
        var pictures = rand([1, 3, 32, 48], generator: new Generator(1)) * 2 - 1;
        var h = Block(Convolved((pictures.to(ScalarType.Float64) + 1) / 2, "encoder.0"), "encoder.1");
        foreach (var first in new[] { 2, 6, 10 })
        {
            h = Convolved(h, $"encoder.{first}", stride: 2);
            h = Block(Block(Block(h, $"encoder.{first + 1}"), $"encoder.{first + 2}"), $"encoder.{first + 3}");
        }

        var expected = Convolved(h, "encoder.14");
        var (mean, logVariance) = _network.Encode(pictures);
        Assert.Equal([1, 4, 4, 6], mean.shape);
        Assert.Equal(-30, logVariance.max().item<float>());
        Goldens.AssertClose(expected.to(ScalarType.Float32), mean, 1e-5, "latents");
    }

    // Random weights do not fall off with the distance as trained ones do: a halo that is too small shows.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DecodeInStrips_IsDecode(bool seamless)
    {
        using var withoutGradients = no_grad();
        using var tiling = seamless ? new SeamlessTiling([_network]) : null;
        var z = randn([1, 4, 70, 4], generator: new Generator(1));
        Goldens.AssertClose(_network.Decode(z), _network.DecodeInStrips(z, 8 * 8 * 4 * 9), 1e-5, "picture");
    }

    [Fact]
    public void Parameters_AreAsManyAsThoseOfThePublishedFiles()
    {
        var count = _network.named_parameters().GroupBy(p => p.name.Split('.')[0]).ToDictionary(half => half.Key, half => half.Sum(p => p.parameter.numel()));
        // 64 · 64 · 9 weights a convolution: 30 of the blocks and three between sizes in each half.
        const int blocks = 30 * (64 * 64 * 9 + 64), between = 3 * 64 * 64 * 9;
        Assert.Equal(blocks + between + (4 * 64 * 9 + 64) + (64 * 3 * 9 + 3), count["decoder"]);
        Assert.Equal(blocks + between + (3 * 64 * 9 + 64) + (64 * 4 * 9 + 4), count["encoder"]);
    }

    private Tensor Block(Tensor x, string name) =>
        (Convolved(Convolved(Convolved(x, name + ".conv.0").relu(), name + ".conv.2").relu(), name + ".conv.4") + x).relu();

    /// <summary>A 3 × 3 convolution with one row of zeros around, as a product of matrices.</summary>
    private Tensor Convolved(Tensor x, string name, int stride = 1)
    {
        var weight = _weights[name + ".weight"];
        var columns = nn.functional.unfold(x, (3, 3), (1, 1), (1, 1), (stride, stride));
        var product = weight.flatten(1).matmul(columns);
        var (height, width) = ((x.shape[2] + stride - 1) / stride, (x.shape[3] + stride - 1) / stride);
        var y = product.reshape(x.shape[0], weight.shape[0], height, width);
        return _weights.TryGetValue(name + ".bias", out var bias) ? y + bias.reshape(1, -1, 1, 1) : y;
    }
}
