using System.Buffers.Binary;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class ClassNumbersTests
{
    private const int Size = 32;

    [Theory]
    [InlineData(PngBytes.Grey, 8)]
    [InlineData(PngBytes.Grey, 16)]
    [InlineData(PngBytes.Rgb, 8)]
    [InlineData(PngBytes.Palette, 8)]
    public void Numbers_OfEachKindOfPng_GetTheColoursOfTheirClasses(byte colourType, byte bits)
    {
        var file = File(colourType, bits, (x, y) => x / 8 + y / 8 * 37);
        Assert.True(ClassNumbers.AreIn(file, allowsPalette: true));
        Assert.Equal(colourType != PngBytes.Palette, ClassNumbers.AreIn(file, allowsPalette: false));
        var hint = Hint(file, out var reading);
        Assert.All(Enumerable.Range(0, Size), i => Assert.Equal(Ade20kPalette.ColourOf(i / 8 * 38), hint.At(i, i)));
        Assert.Contains("counted from 0 (wall) to 149 (flag)", reading, StringComparison.Ordinal);
        Assert.Contains("annotator=seg_classes,first=1", reading, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_OfFourBits_AreRead()
    {
        byte[] row = [0, .. Enumerable.Range(0, Size / 2).Select(i => (byte)(i < Size / 4 ? 0x22 : 0xFF))];
        var file = PngBytes.Of(Size, Size, 4, PngBytes.Palette, [.. Enumerable.Range(0, Size).SelectMany(_ => row)], ("PLTE", new byte[3 * 16]));
        Assert.Equal(Ade20kPalette.ColourOf(2), Hint(file, out _).At(Size / 2 - 1, 0));
        Assert.Equal(Ade20kPalette.ColourOf(15), Hint(file, out _).At(Size / 2, 0));
    }

    [Fact]
    public void Numbers_ThatComeTo150_OrAreSaidTo_CountFromOne_And255IsNothing()
    {
        var file = File(PngBytes.Grey, 8, (x, y) => x < 8 ? 0 : x < 16 ? 255 : y < 16 ? 1 : 150);
        var hint = Hint(file, out var reading);
        Assert.Contains("counted from 1 (wall) to 150 (flag)", reading, StringComparison.Ordinal);
        Assert.Equal([(0, 0, 0), (0, 0, 0), Ade20kPalette.ColourOf(0), Ade20kPalette.ColourOf(149)], new[] { hint.At(0, 0), hint.At(8, 0), hint.At(16, 0), hint.At(16, 16) });
        var fewer = File(PngBytes.Grey, 8, (x, _) => 1 + x / 16);
        Assert.Equal(Ade20kPalette.ColourOf(1), Hint(fewer, out _).At(0, 0));
        Assert.Equal(Ade20kPalette.ColourOf(0), Hint(fewer, out _, first: 1).At(0, 0));
    }

    [Fact]
    public void Pictures_AreNoNumbers()
    {
        Assert.False(ClassNumbers.AreIn(PictureWriter.EncodePng(TestPictures.Noise(Size, Size)), true));
        // A grey photograph, a drawing, a mask, a finished map of classes that are grey, one area only, and no PNG.
        Assert.False(ClassNumbers.AreIn(File(PngBytes.Grey, 8, (x, y) => (x * 7 + y * 13) % 140), true));
        Assert.False(ClassNumbers.AreIn(File(PngBytes.Grey, 8, (x, y) => (x - 16) * (x - 16) + (y - 16) * (y - 16) < 100 ? 0 : 230), true));
        Assert.False(ClassNumbers.AreIn(File(PngBytes.Grey, 8, (x, _) => x < 16 ? 0 : 255), true));
        Assert.False(ClassNumbers.AreIn(File(PngBytes.Grey, 8, (x, _) => x < 10 ? 0 : x < 20 ? 120 : 140), true));
        Assert.False(ClassNumbers.AreIn(File(PngBytes.Grey, 8, (_, _) => 7), true));
        Assert.False(ClassNumbers.AreIn([0xFF, 0xD8, 0xFF], true));
    }

    [Fact]
    public void Numbers_ThatAreNoClasses_AndColours_AreRefused()
    {
        Assert.Contains("the number 200 is no class of ADE20K; 0 to 149 are", Refusal(File(PngBytes.Grey, 8, (x, _) => x < 16 ? 3 : 200)), StringComparison.Ordinal);
        Assert.Contains("has colours", Refusal(PictureWriter.EncodePng(TestPictures.Noise(Size, Size))), StringComparison.Ordinal);
        static string Refusal(byte[] file) => Assert.Throws<PictureException>(() => Hint(file, out _)).Message;
    }

    private static Picture Hint(byte[] file, out string reading, int first = 0) =>
        ClassNumbers.Hint(file, new AnnotatorOptions(ClassNumbers.Info, new Dictionary<string, double> { ["first"] = first }), "numbers.png", out reading);

    private static byte[] File(byte colourType, byte bits, Func<int, int, int> number)
    {
        var rows = new List<byte>();
        for (var y = 0; y < Size; y++)
        {
            rows.Add(0);
            for (var x = 0; x < Size; x++)
            {
                var sample = new byte[2];
                BinaryPrimitives.WriteUInt16BigEndian(sample, (ushort)number(x, y));
                rows.AddRange(Enumerable.Repeat(bits == 16 ? sample : sample[1..], colourType == PngBytes.Rgb ? 3 : 1).SelectMany(bytes => bytes));
            }
        }

        (string, byte[])[] palette = colourType == PngBytes.Palette ? [("PLTE", [.. Enumerable.Range(0, 256 * 3).Select(i => (byte)(i * 89))])] : [];
        return PngBytes.Of(Size, Size, bits, colourType, [.. rows], palette);
    }
}
