using System.Text;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Tests.Requests;
using Xunit;

namespace ControlNetSharp.Tests.Fuzzing;

/// <summary>Damaged texts in pictures, and damaged infotexts.</summary>
public sealed class TextFuzzTests
{
    private static readonly string[] Pieces =
    [
        "Steps: 20", ", ", ",", "\n", ":", "\"", "\\", "{", "}", "[", "]", "(", ")", "Negative prompt:",
        "ControlNet 0: ", "-1", "1e999", "NaN", "Size: 0x0", "\ud800", "é漢",
    ];

    [Theory]
    [InlineData("jpeg")]
    [InlineData("webp")]
    [InlineData("png")]
    public void Read_OfMutatedPicturesWithTexts_ReadsOrRefuses(string format)
    {
        byte[] comment = [.. ExifBytes.Unicode, .. Encoding.Unicode.GetBytes("a cat\nSteps: 20")];
        var exif = ExifBytes.Of(format == "webp", comment, "a description\0"u8.ToArray());
        var original = format switch
        {
            "jpeg" => ExifBytes.InJpeg(exif),
            "webp" => ExifBytes.InWebp(exif),
            _ => ExifBytes.InPng(exif, ("tEXt", "parameters\0a cat"u8.ToArray())),
        };
        FuzzRun.Of(
            format,
            random => format == "png" ? Mutations.Png(original, random) : Mutations.Bytes(original, random),
            input => PictureTexts.Read(input),
            e => e is PictureException);
    }

    [Fact]
    public void Of_MutatedInfotexts_AlwaysGivesARequestThatIsAllowed()
    {
        var originals = InfotextDialects.All.Select(row => row.Text).ToArray();
        FuzzRun.Of("infotext", random => Encoding.Unicode.GetBytes(Mutated(originals, random)), input =>
        {
            var text = Infotext.Parse(Encoding.Unicode.GetString(input));
            var read = InfotextRequest.Of(text);
            read.Request.Check();
            Assert.All(read.Units, unit => (read.Request with { Units = [unit.With("a.png")] }).Check());
            Assert.NotNull(text.ToString());
        }, _ => false);
    }

    [Theory]
    [InlineData("a: (")]
    [InlineData("a: [, ")]
    [InlineData("a: \"x, ")]
    [InlineData("Steps: 20, ")]
    [InlineData("ControlNet 0: \"")]
    public void Parse_OfALongTextOfOnePiece_TakesNoLongerThanItsLength(string piece) =>
        FuzzRun.Of(
            piece,
            random => Encoding.UTF8.GetBytes("Steps: 20, Seed: 1, " + Repeated(piece, random.Next(1, 30_000))),
            input => Assert.NotEmpty(Infotext.Parse(Encoding.UTF8.GetString(input)).ToString()),
            _ => false);

    private static string Repeated(string piece, int times) => string.Concat(Enumerable.Repeat(piece, times));

    private static string Mutated(string[] originals, Random random)
    {
        var text = new StringBuilder(originals[random.Next(originals.Length)]);
        for (var change = random.Next(1, 6); change > 0; change--)
        {
            var at = random.Next(text.Length);
            text.Remove(at, Math.Min(random.Next(random.Next(2) == 0 ? 3 : 40), text.Length - at));
            text.Insert(at, Pieces[random.Next(Pieces.Length)]);
        }

        return text.ToString();
    }
}
