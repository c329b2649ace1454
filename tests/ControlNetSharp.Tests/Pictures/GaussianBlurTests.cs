using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pictures;

public partial class GaussianBlurTests
{
    private const string ArraysName = "annot_arrays.safetensors";

    public static TheoryData<string, string> Blurs => Goldens.Cases(ArraysName, golden => golden.Entries.Keys.Where(name => Blur().IsMatch(name)));

    public static TheoryData<string, string> Kernels => Goldens.Cases(ArraysName, golden => golden.Entries.Keys.Where(name => Kernel().IsMatch(name)));

    [Theory]
    [MemberData(nameof(Blurs))]
    public void Blur_OfBytesAndFloats_IsOpenCvs(string file, string name)
    {
        using var golden = Goldens.Open(file);
        using var scope = NewDisposeScope();
        var match = Blur().Match(name);
        var input = golden[$"blur/{match.Groups["picture"].Value}/in"];
        var (height, width, channels) = ((int)input.shape[0], (int)input.shape[1], (int)input.shape[2]);
        var (size, sigma) = (int.Parse(match.Groups["size"].Value, CultureInfo.InvariantCulture), Number(match.Groups["sigma"].Value));
        var isFloat = match.Groups["type"].Value == "f32";
        var actual = isFloat
            ? tensor(GaussianBlur.Blur(input.to(ScalarType.Float32).data<float>().ToArray(), width, height, channels, sigma, size))
            : tensor(GaussianBlur.Blur(input.data<byte>().ToArray(), width, height, channels, sigma, size));
        // Bytes may be one level off by the rules of the reference data; they are exact.
        Goldens.AssertClose(golden[name], actual.reshape(input.shape), isFloat ? 1e-3 : 0, name);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernel_OfASigma_HasOpenCvsWeights(string file, string name)
    {
        using var golden = Goldens.Open(file);
        using var expected = golden[name];
        var match = Kernel().Match(name);
        var size = int.Parse(match.Groups["size"].Value, CultureInfo.InvariantCulture);
        using var actual = tensor(GaussianBlur.Kernel(size, Number(match.Groups["sigma"].Value)));
        Goldens.AssertClose(expected, actual, 1e-6, name);
    }

    [Fact]
    public void EveryBlurOfTheGoldens_IsCompared()
    {
        using var golden = Goldens.Open(ArraysName);
        var unknown = golden.Entries.Keys.Where(name => name.StartsWith("blur/", StringComparison.Ordinal) && !Blur().IsMatch(name) && !Kernel().IsMatch(name) && !name.EndsWith("/in", StringComparison.Ordinal));
        Assert.Equal(["blur/kernel_u8_s3_len"], unknown.Append("blur/kernel_u8_s3_len").Distinct());
    }

    [Fact]
    public void Size_OfASigma_IsOpenCvs()
    {
        using var golden = Goldens.Open(ArraysName);
        using var expected = golden.Required("blur/kernel_u8_s3_len");
        Assert.Equal(expected.data<int>()[0], GaussianBlur.SizeFor(3, 3));
        Assert.Equal((25, 49), (GaussianBlur.SizeFor(3, 4), GaussianBlur.SizeFor(6, 4)));
    }

    [Fact]
    public void FixedKernel_CarriesItsRoundingInwards()
    {
        Assert.Equal([0, 1, 3, 4, 9, 14, 20, 28, 32, 34, 32, 28, 20, 14, 9, 4, 3, 1, 0], GaussianBlur.FixedKernel(GaussianBlur.Kernel(19, 3)));
        Assert.Equal([14, 62, 104, 62, 14], GaussianBlur.FixedKernel(GaussianBlur.Kernel(5, 1)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(2, 3)]
    public void Blur_OfAFlatPictureSmallerThanTheKernel_LeavesIt(int width, int height)
    {
        byte[] flat = [.. Enumerable.Repeat((byte)200, width * height)];
        Assert.Equal(flat, GaussianBlur.Blur(flat, width, height, 1, 6));
        Assert.All(GaussianBlur.Blur([.. flat.Select(value => (float)value)], width, height, 1, 6), value => Assert.Equal(200f, value, 1e-3f));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^blur/(?<picture>[^/]+)/(?<type>u8|f32)_k(?<size>\d+)_s(?<sigma>[0-9.]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Blur();

    [GeneratedRegex(@"^blur/kernel(?<size>\d+)_s(?<sigma>[0-9.]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Kernel();
}
