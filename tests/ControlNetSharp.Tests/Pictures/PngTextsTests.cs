using System.Text;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

public sealed class PngTextsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WritePng_WithTexts_GivesThemBackInTheirOrder_AndThePixelsStay()
    {
        var picture = TestPictures.Noise(12, 9);
        var texts = new Dictionary<string, string>
        {
            ["parameters"] = "a cat, (red:1.2)\nNegative prompt: blurry\nSteps: 20, Sampler: Euler",
            ["controlnetsharp"] = "{\"prompt\": \"ein Bär, 熊, 🐻\", \"units\": []}",
            ["Title of it"] = "Ärger, naïve",
            ["tabs"] = "a\tb\r\nc",
            ["empty"] = "",
            ["long"] = new string('x', 100_000),
        };
        PictureWriter.WritePng(_folder["a.png"], picture, texts);
        Assert.Equal(texts, PngTexts.Read(_folder["a.png"]));
        Assert.Equal(texts.Keys, PngTexts.Read(_folder["a.png"]).Keys);
        Assert.Equal(picture.Bytes(), PictureReader.Read(_folder["a.png"]).Bytes());
        Assert.Equal(File.ReadAllBytes(_folder["a.png"]), PictureWriter.EncodePng(picture, texts));
        Assert.Equal([_folder["a.png"]], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Read_OfEveryKindOfText_GivesItsCharacters_AndTheLastOfEqualKeysCounts()
    {
        var texts = Read(
            ("tEXt", [.. "Latin\0"u8, 0xC4, 0x72]),
            ("zTXt", [.. "packed\0\0"u8, .. PngBytes.Deflated("packed text"u8.ToArray())]),
            ("iTXt", [.. "unicode\0\0\0de\0Schlüssel\0"u8, .. "熊"u8]),
            ("iTXt", [.. "unicode packed\0\u0001\0\0\0"u8, .. PngBytes.Deflated(Encoding.UTF8.GetBytes("🐻"))]),
            ("tEXt", [.. "twice\0first"u8]),
            ("tEXt", [.. "twice\0second"u8]));
        Assert.Equal(new Dictionary<string, string> { ["Latin"] = "Är", ["packed"] = "packed text", ["unicode"] = "熊", ["unicode packed"] = "🐻", ["twice"] = "second" }, texts);
        Assert.Empty(Read());
    }

    [Fact]
    public void Read_OfATextThatUnpacksToTooMuch_IsRefused()
    {
        var e = Assert.Throws<PictureException>(() => Read(("zTXt", [.. "bomb\0\0"u8, .. PngBytes.Deflated(new byte[17 << 20])])));
        Assert.Contains("unpacks to more than 16777216 bytes", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tEXt", "no separator", "a separator is missing")]
    [InlineData("zTXt", "key\0", "ends after its key")]
    [InlineData("zTXt", "key\0\u0007abc", "compression method 7 is unknown")]
    [InlineData("zTXt", "key\0\0this is not deflate", "damaged")]
    [InlineData("iTXt", "key\0\0\0no more separators", "a separator is missing")]
    public void Read_OfADamagedText_SaysWhatIsWrong(string type, string data, string expected) =>
        Assert.Contains(expected, Assert.Throws<PictureException>(() => Read((type, Encoding.Latin1.GetBytes(data)))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_OfABrokenFile_SaysWhatIsWrong()
    {
        var png = PngBytes.Of(1, 1, 8, PngBytes.Grey, [0, 1], ("tEXt", [.. "key\0value"u8]));
        var changed = png.ToArray();
        changed[png.AsSpan().IndexOf("value"u8)]++;
        Assert.Contains("checksum", Assert.Throws<PictureException>(() => PngTexts.Read(new MemoryStream(changed))).Message, StringComparison.Ordinal);
        Assert.Contains("truncated", Assert.Throws<PictureException>(() => PngTexts.Read(new MemoryStream(png[..^12]))).Message, StringComparison.Ordinal);
        Assert.Contains("truncated", Assert.Throws<PictureException>(() => PngTexts.Read(new MemoryStream(png[..^20]))).Message, StringComparison.Ordinal);
        Assert.Contains("not a PNG", Assert.Throws<PictureException>(() => PngTexts.Read(new MemoryStream(PictureWriter.EncodeJpeg(TestPictures.Noise(4, 4))))).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<PictureException>(() => PngTexts.Read(_folder["none.png"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "value")]
    [InlineData(" key", "value")]
    [InlineData("two  spaces", "value")]
    [InlineData("熊", "value")]
    [InlineData("key", "nul\0inside")]
    [InlineData("key", null)]
    public void WritePng_WithATextThatPngForbids_IsRefusedAndWritesNothing(string key, string? text)
    {
        // Half a surrogate pair does not survive as the argument of a test.
        text ??= "half a pair \uD83D";
        Assert.Throws<ArgumentException>(() => PictureWriter.WritePng(_folder["a.png"], TestPictures.Noise(2, 2), new Dictionary<string, string> { [key] = text }));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Write_WhereItCannot_SaysWhyAndWritesNothing()
    {
        var picture = TestPictures.Noise(2, 2);
        Assert.Contains("a.png cannot be written", Assert.Throws<IOException>(() => PictureWriter.WritePng(Path.Combine(_folder["none"], "a.png"), picture)).Message, StringComparison.Ordinal);
        Assert.Contains(".png, .jpg, .jpeg or .webp", Assert.Throws<ArgumentException>(() => PictureWriter.Write(_folder["a.gif"], picture)).Message, StringComparison.Ordinal);
        Assert.Contains("from 1 to 100", Assert.Throws<ArgumentOutOfRangeException>(() => PictureWriter.Write(_folder["a.jpg"], picture, 0)).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["folder.png"]);
        // A folder in the place of the file: the move to its name fails, as a write does on a full disk.
        Assert.Contains("folder.png cannot be written", Assert.Throws<IOException>(() => PictureWriter.WritePng(_folder["folder.png"], picture)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    private static IReadOnlyDictionary<string, string> Read(params (string Type, byte[] Data)[] chunks) => PngTexts.Read(new MemoryStream(PngBytes.Of(1, 1, 8, PngBytes.Grey, [0, 1], chunks)));
}
