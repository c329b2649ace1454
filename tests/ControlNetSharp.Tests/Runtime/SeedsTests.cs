using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Runtime;

public class SeedsTests
{
    // What PyTorch prints for torch.manual_seed(0); torch.randn(1, 4, 2, 2), with four digits.
    private static readonly float[] Seed0 =
        [-1.1258f, -1.1524f, -0.2506f, -0.4339f, 0.8487f, 0.6920f, -0.3160f, -2.1152f, 0.3223f, -1.2633f, 0.3500f, 0.3081f, 0.1198f, 1.2377f, 1.1168f, -0.2473f];

    [Fact]
    public void Noise_OfSeed0_IsPyTorchs()
    {
        using var noise = Seeds.Noise(0, 1, 4, 2, 2);
        Assert.Equal([1, 4, 2, 2], noise.shape);
        Assert.Equal((ScalarType.Float32, TorchSharp.DeviceType.CPU), (noise.dtype, noise.device_type));
        Assert.All(Seed0.Zip(noise.data<float>()), pair => Assert.Equal(pair.First, pair.Second, 5e-5f));
    }

    [Theory]
    [InlineData(42, 1.9269, 1.4873, 0.9007, -2.1055)]
    [InlineData(1, -1.5256, -0.7502, -0.6540, -1.6095)]
    public void Noise_OfOtherSeeds_BeginsLikePyTorchs(long seed, double first, double second, double third, double fourth)
    {
        using var noise = Seeds.Noise(seed, 1, 4, 8, 8);
        Assert.All(new[] { first, second, third, fourth }.Zip(noise.data<float>()), pair => Assert.Equal(pair.First, pair.Second, 5e-5));
    }

    [Fact]
    public void Noise_OfPictureK_IsThatOfSeedPlusK_AndLeavesTheGlobalGeneratorAlone()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var expected = randn(8);
        random.manual_seed(5);
        var batch = Seeds.Noise(Seeds.Largest - 2, 3, 4, 8, 8);
        Assert.True(expected.equal(randn(8)).all().item<bool>());
        foreach (var (k, seed) in new[] { Seeds.Largest - 2, Seeds.Largest - 1, Seeds.Largest }.Index())
        {
            Assert.True(batch[k].equal(Seeds.Noise(seed, 1, 4, 8, 8)[0]).all().item<bool>(), $"picture {k}");
        }

        Assert.False(batch[0].equal(batch[1]).all().item<bool>());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(Seeds.Largest + 1, 1)]
    [InlineData(Seeds.Largest, 2)]
    [InlineData(long.MaxValue, 2)]
    public void Noise_OfASeedWhoseNoiseWouldBeAnotherSeeds_IsRefused(long seed, int pictures)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Seeds.Noise(seed, pictures, 4, 8, 8));
        Assert.Equal("seed", Assert.Throws<RequestException>(new GenerationRequest { Prompt = "", Seed = seed, Batch = pictures }.Check).Member);
    }
}
