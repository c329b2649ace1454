using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

/// <summary>Decoding and encoding in strips give what is given at once.</summary>
public sealed class AutoencoderStripsTests
{
    public static TheoryData<string> Files => Goldens.Files("vae_*.safetensors");

    [Theory]
    [InlineData(200)]
    [InlineData(1000)]
    [InlineData(1 << 20)]
    public void DecodeInStrips_IsDecode_WithBordersAndWithout(int pixels)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var autoencoder = TinyModel.Autoencoder();
        var z = randn(2, 4, 13, 9);
        var plain = autoencoder.Decode(z);
        void AssertSame(string what)
        {
            var whole = autoencoder.Decode(z);
            Goldens.AssertClose(whole, autoencoder.DecodeInStrips(z, pixels), 1e-5 * Goldens.Amplitude(whole), what);
        }

        AssertSame("with borders");
        using (new SeamlessTiling([autoencoder]))
        {
            AssertSame("without borders");
        }

        Assert.True(plain.equal(autoencoder.Decode(z)).all().item<bool>());
    }

    [Theory]
    [InlineData(300)]
    [InlineData(5000)]
    [InlineData(1 << 20)]
    public void EncodeInStrips_IsEncode_WithBordersAndWithout(int pixels)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var autoencoder = TinyModel.Autoencoder();
        var pictures = randn(2, 3, 104, 72);
        void AssertSame(string what)
        {
            var ((mean, logVariance), strips) = (autoencoder.Encode(pictures), autoencoder.EncodeInStrips(pictures, pixels));
            Goldens.AssertClose(mean, strips.Mean, 1e-5 * Goldens.Amplitude(mean), what);
            Goldens.AssertClose(logVariance, strips.LogVariance, 1e-5 * Goldens.Amplitude(logVariance), what);
        }

        AssertSame("with borders");
        using (new SeamlessTiling([autoencoder]))
        {
            AssertSame("without borders");
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 0.01, 0.001)]
    [InlineData(ScalarType.BFloat16, 16, 0.5)]
    public void DecodeInStrips_OfTheEmbeddedModel_IsDecodeButForRounding(ScalarType dtype, double most, double mean)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CheckpointLoader.LoadModel(Path.Combine(AppContext.BaseDirectory, "pocket", "model"), new Placement(CPU, dtype));
        var photograph = PictureResizing.Fit(PictureReader.Read(Repository.PathOf("docs/pictures/astronaut.png")), 256, 256, ResizeMode.Crop);
        var z = model.Autoencoder.Encode(PictureTensors.ToPicture(photograph).to(dtype)).Mean;
        var (whole, strips) = (model.Autoencoder.Decode(z).to(ScalarType.Float32), model.Autoencoder.DecodeInStrips(z, 256 * 20).to(ScalarType.Float32));
        var difference = (whole - strips).abs() * 127.5;
        Assert.True(difference.max().item<float>() <= most && difference.mean().item<float>() <= mean, $"{difference.max().item<float>()} levels at most, {difference.mean().item<float>()} in the mean");
    }

    [Fact]
    public void Decode_OfALargePicture_IsInStrips_UnlessItNeedsGradients()
    {
        using var scope = NewDisposeScope();
        using var autoencoder = TinyModel.Autoencoder();
        var z = randn(1, 4, 129, 128);
        Tensor strips;
        using (no_grad())
        {
            strips = autoencoder.Decode(z);
            Assert.True(strips.equal(autoencoder.DecodeInStrips(z)).all().item<bool>());
        }

        Goldens.AssertClose(autoencoder.Decode(z).detach(), strips, 1e-5 * Goldens.Amplitude(strips), "with gradients");
    }

    [Fact]
    public void Encode_OfALargePicture_IsInStrips_UnlessItNeedsGradients()
    {
        using var scope = NewDisposeScope();
        using var autoencoder = TinyModel.Autoencoder();
        var picture = randn(1, 3, 1032, 1024);
        Tensor strips;
        using (no_grad())
        {
            strips = autoencoder.Encode(picture).Mean;
            Assert.True(strips.equal(autoencoder.EncodeInStrips(picture).Mean).all().item<bool>());
        }

        Goldens.AssertClose(autoencoder.Encode(picture).Mean.detach(), strips, 1e-5 * Goldens.Amplitude(strips), "with gradients");
    }

    [Fact]
    public void DecodeInStrips_LeavesNoTensorBehind()
    {
        using var scope = NewDisposeScope();
        using var autoencoder = TinyModel.Autoencoder();
        var z = randn(1, 4, 8, 8);
        var picture = zeros(1, 3, 64, 64);
        // Networks keep padded weights from their first call on, where ConvolutionCheck asks for them.
        Run();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Run();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.False(z.IsInvalid);

        void Run()
        {
            autoencoder.DecodeInStrips(z, 500).Dispose();
            var (mean, logVariance) = autoencoder.EncodeInStrips(picture, 500);
            mean.Dispose();
            logVariance.Dispose();
        }
    }

    [Fact]
    public void Strips_CoverEachRowOnce_AndAreNoLargerThanAllowed()
    {
        using var x = zeros(1, 1, 50, 30);
        var rows = new RowStrips(7 * 30 + 5, Wraps: false).Strips(x).SelectMany(strip =>
        {
            Assert.InRange(strip.Count, 1, 7);
            return Enumerable.Range((int)strip.From, (int)strip.Count);
        });
        Assert.Equal(Enumerable.Range(0, 50), rows);
    }
}
