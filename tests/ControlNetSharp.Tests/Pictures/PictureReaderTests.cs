using ControlNetSharp.Pictures;
using SkiaSharp;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

public sealed class PictureReaderTests : IDisposable
{
    private static readonly (int R, int G, int B) Red = (255, 0, 0), White = (255, 255, 255);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_OfAWrittenPng_GivesBackEveryByte_UnderAnyFileName()
    {
        var picture = TestPictures.Noise(31, 17);
        PictureWriter.WritePng(_folder["picture.png"], picture);
        Assert.Equal(picture.Bytes(), PictureReader.Read(_folder["picture.png"]).Bytes());
        File.Move(_folder["picture.png"], _folder["picture.jpg"]);
        Assert.Equal(picture.Bytes(), PictureReader.Read(_folder["picture.jpg"]).Bytes());
    }

    [Theory]
    [InlineData(".jpg")]
    [InlineData(".webp")]
    public void Read_OfAWrittenLossyFile_ComesNearThePicture(string extension)
    {
        var picture = TestPictures.Of(48, 32, (x, y) => (5 * x, 7 * y, 100 + x + y));
        PictureWriter.Write(_folder["picture" + extension], picture, 100);
        PictureAssert.WithinLevels(picture, PictureReader.Read(_folder["picture" + extension]), 12, extension);
    }

    [Fact]
    public void Read_OfLosslessWebP_GivesBackEveryByte()
    {
        var picture = TestPictures.Noise(20, 10);
        using var bitmap = new SKBitmap(new SKImageInfo(20, 10, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Pixels = [.. Enumerable.Range(0, 200).Select(i => new SKColor(picture.Rgb[3 * i], picture.Rgb[3 * i + 1], picture.Rgb[3 * i + 2]))];
        using var pixmap = bitmap.PeekPixels();
        using var data = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50));
        Assert.Equal(picture.Bytes(), PictureReader.Read(data!.ToArray()).Bytes());
    }

    [Fact]
    public void Read_OfGifAndBmp_GivesTheirPixels()
    {
        Assert.Equal(Red, PictureReader.Read(Convert.FromBase64String("R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")).At(0, 0));
        // 2 x 1 pixels of 24 bits: red, then white.
        byte[] bmp = [.. "BM"u8, 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, .. new byte[24], 0, 0, 255, 255, 255, 255, 0, 0];
        var picture = PictureReader.Read(bmp);
        Assert.Equal((2, 1, Red, White), (picture.Width, picture.Height, picture.At(0, 0), picture.At(1, 0)));
    }

    [Theory]
    [InlineData(1, "RGBW")]
    [InlineData(2, "GRWB")]
    [InlineData(3, "WBGR")]
    [InlineData(4, "BWRG")]
    [InlineData(5, "RBGW")]
    [InlineData(6, "BRWG")]
    [InlineData(7, "WGBR")]
    [InlineData(8, "GWRB")]
    public void Read_OfAPictureWithOrientation_IsUpright(byte orientation, string corners)
    {
        AssertUpright(JpegBytes.WithOrientation(PictureWriter.EncodeJpeg(FourColours, 100), orientation), corners);
        foreach (var bigEndian in new[] { false, true })
        {
            var exif = JpegBytes.Exif(orientation, bigEndian);
            var png = PictureWriter.EncodePng(FourColours);
            AssertUpright(WithChunk(png, 33, exif), corners);
            AssertUpright(WithChunk(png, png.Length - 12, exif), corners);   // after the pixels, which PNG allows
            AssertUpright(WebP(FourColours, exif), corners);
            AssertUpright(WebP(FourColours, [.. "Exif\0\0"u8, .. exif]), corners);
        }
    }

    [Fact]
    public void Read_OfAnOrientationThatCannotBe_LeavesThePictureAsItIs()
    {
        var png = PictureWriter.EncodePng(FourColours);
        var exif = JpegBytes.Exif(6);
        byte[][] wrong = [[], [.. "II"u8], exif[..12], [.. "II*\0"u8, 0xFF, 0xFF, 0xFF, 0xFF], JpegBytes.Exif(0), JpegBytes.Exif(9), JpegBytes.Exif(255), [.. "Exif\0\0"u8]];
        Assert.All(wrong, data => Assert.Equal(FourColours.Bytes(), PictureReader.Read(WithChunk(png, 33, data)).Bytes()));
    }

    [Fact]
    public void Read_OfTransparentPixels_LaysThemOverWhite()
    {
        Assert.Equal(White, PictureReader.Read(PngBytes.Of(1, 1, 8, PngBytes.Rgba, [0, 10, 20, 30, 0])).At(0, 0));
        Assert.Equal((10, 20, 30), PictureReader.Read(PngBytes.Of(1, 1, 8, PngBytes.Rgba, [0, 10, 20, 30, 255])).At(0, 0));
        Assert.Equal(White, PictureReader.Read(PngBytes.Of(1, 1, 8, PngBytes.GreyAlpha, [0, 10, 0])).At(0, 0));
        var palette = PictureReader.Read(PngBytes.Of(2, 1, 8, PngBytes.Palette, [0, 0, 1], ("PLTE", [255, 0, 0, 0, 255, 0]), ("tRNS", [255, 0])));
        Assert.Equal((Red, White), (palette.At(0, 0), palette.At(1, 0)));
    }

    [Fact]
    public void Read_OfGreyAndSixteenBitSamples_GivesEightBitRgb()
    {
        Assert.Equal((77, 77, 77), PictureReader.Read(PngBytes.Of(1, 1, 8, PngBytes.Grey, [0, 77])).At(0, 0));
        var bits = PictureReader.Read(PngBytes.Of(8, 1, 1, PngBytes.Grey, [0, 0b10100000]));
        Assert.Equal((White, (0, 0, 0), White), (bits.At(0, 0), bits.At(1, 0), bits.At(2, 0)));
        // Of two bytes the high one counts.
        Assert.Equal((0x12, 0x80, 0xFF), PictureReader.Read(PngBytes.Of(1, 1, 16, PngBytes.Rgb, [0, 0x12, 0xF0, 0x80, 0xFF, 0xFF, 0x00])).At(0, 0));
        Assert.Equal((0x12, 0x12, 0x12), PictureReader.Read(PngBytes.Of(1, 1, 16, PngBytes.Grey, [0, 0x12, 0xF0])).At(0, 0));
    }

    [Fact]
    public void Read_OfACmykJpeg_ConvertsItsInks()
    {
        Assert.Equal((200, 100, 50), PictureReader.Read(JpegBytes.Of(8, 8, 200, 100, 50)).At(4, 4));
        // Adobe stores inks inverted: no cyan, all magenta, all yellow, no black is red.
        Assert.Equal(Red, PictureReader.Read(JpegBytes.Of(8, 8, 255, 0, 0, 255)).At(4, 4));
        Assert.Equal(White, PictureReader.Read(JpegBytes.Of(8, 8, 255, 255, 255, 255)).At(4, 4));
        Assert.Equal((0, 0, 0), PictureReader.Read(JpegBytes.Of(8, 8, 255, 255, 255, 0)).At(4, 4));
    }

    [Fact]
    public void Read_OfAHugeHeader_IsRefusedBeforeDecoding()
    {
        foreach (var bytes in new[] { PngBytes.Huge(), JpegBytes.Of(60_000, 60_000, 1, 2, 3) })
        {
            var e = Assert.Throws<PictureException>(() => PictureReader.Read(bytes, "upload"));
            Assert.Equal("upload: the picture has 60000 x 60000 pixels; at most 67108864 are allowed.", e.Message);
            Assert.Equal("upload", e.Input);
        }

        Assert.Contains("4294967295 x 4294967295", Assert.Throws<PictureException>(() => PictureReader.Read(PngBytes.Of(uint.MaxValue, uint.MaxValue, 8, PngBytes.Rgb, []))).Message, StringComparison.Ordinal);
        Assert.Contains("0 x 5", Assert.Throws<PictureException>(() => PictureReader.Read(PngBytes.Of(0, 5, 8, PngBytes.Rgb, []))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AtAndAboveALimit_IsAllowedAndRefused()
    {
        var png = PictureWriter.EncodePng(TestPictures.Noise(10, 10));
        Assert.Equal(10, PictureReader.Read(png, limits: new PictureLimits { MaxPixels = 100, MaxFileBytes = png.Length }).Width);
        Assert.Contains("at most 99 are allowed", Assert.Throws<PictureException>(() => PictureReader.Read(png, limits: new PictureLimits { MaxPixels = 99 })).Message, StringComparison.Ordinal);
        var small = new PictureLimits { MaxFileBytes = png.Length - 1 };
        var expected = $"larger than the allowed {png.Length - 1} bytes";
        Assert.Contains(expected, Assert.Throws<PictureException>(() => PictureReader.Read(png, limits: small)).Message, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Throws<PictureException>(() => PictureReader.Read(new MemoryStream(png), limits: small)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => PictureReader.Read(png, limits: new PictureLimits { MaxPixels = 0 }));
    }

    [Fact]
    public void Read_OfAPngCutAnywhereInItsPixels_IsRefused()
    {
        var png = PictureWriter.EncodePng(TestPictures.Noise(9, 7));
        var endOfPixels = png.Length - 12 - 4 - 4;   // without the last chunk, the checksums of the pixels' chunk and of their stream
        for (var length = 0; length < endOfPixels; length++)
        {
            Assert.NotEmpty(Assert.Throws<PictureException>(() => PictureReader.Read(png.AsSpan(0, length))).Reason);
        }
    }

    [Theory]
    [InlineData(".jpg")]
    [InlineData(".webp")]
    public void Read_OfATruncatedLossyFile_IsRefused(string extension)
    {
        PictureWriter.Write(_folder["picture" + extension], TestPictures.Noise(64, 64));
        var bytes = File.ReadAllBytes(_folder["picture" + extension]);
        foreach (var share in new[] { 0.01, 0.1, 0.5, 0.9 })
        {
            Assert.Throws<PictureException>(() => PictureReader.Read(bytes.AsSpan(0, (int)(share * bytes.Length))));
        }
    }

    [Fact]
    public void Read_OfAPngWithOneByteChanged_ReadsItOrSaysThatItIsDamaged()
    {
        var png = PictureWriter.EncodePng(TestPictures.Noise(6, 5));
        var refused = 0;
        for (var i = 0; i < png.Length; i++)
        {
            var changed = png.ToArray();
            changed[i] ^= 0x55;
            try
            {
                PictureReader.Read(changed, limits: new PictureLimits { MaxPixels = 1 << 20 });
            }
            catch (PictureException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, png.Length / 2, png.Length);
    }

    [Fact]
    public void ReadMask_PaintedOnTransparency_TakesAlpha_WhateverTheColour()
    {
        foreach (byte level in new byte[] { 0, 90, 255 })
        {
            // Nothing, a soft edge, paint.
            var mask = PictureReader.ReadMask(PngBytes.Of(3, 1, 8, PngBytes.Rgba, [0, level, 7, level, 0, level, 7, level, 100, level, 7, level, 255]));
            Assert.Equal(((0, 0, 0), (100, 100, 100), White), (mask.At(0, 0), mask.At(1, 0), mask.At(2, 0)));
        }

        var grey = PictureReader.ReadMask(PngBytes.Of(2, 1, 8, PngBytes.GreyAlpha, [0, 0, 255, 255, 0]));
        Assert.Equal((White, (0, 0, 0)), (grey.At(0, 0), grey.At(1, 0)));
        File.WriteAllBytes(_folder["palette.png"], PngBytes.Of(2, 1, 8, PngBytes.Palette, [0, 0, 1], ("PLTE", [255, 0, 0, 0, 255, 0]), ("tRNS", [255, 0])));
        var palette = PictureReader.ReadMask(_folder["palette.png"]);
        Assert.Equal((White, (0, 0, 0)), (palette.At(0, 0), palette.At(1, 0)));
    }

    [Fact]
    public void ReadMask_WithoutTransparency_IsThePicture()
    {
        Assert.Equal((10, 20, 30), PictureReader.ReadMask(PngBytes.Of(1, 1, 8, PngBytes.Rgba, [0, 10, 20, 30, 255])).At(0, 0));
        var picture = TestPictures.Noise(9, 5);
        PictureWriter.WritePng(_folder["opaque.png"], picture);
        Assert.Equal(picture.Bytes(), PictureReader.ReadMask(_folder["opaque.png"]).Bytes());
        Assert.Throws<PictureException>(() => PictureReader.ReadMask(_folder["none.png"]));
    }

    [Fact]
    public void ReadMask_WithOrientation_IsTurnedAsItsPicture()
    {
        var png = PngBytes.Of(2, 1, 8, PngBytes.Rgba, [0, 1, 2, 3, 255, 1, 2, 3, 0], ("eXIf", JpegBytes.Exif(6)));
        var mask = PictureReader.ReadMask(png);
        Assert.Equal((1, 2, White, (0, 0, 0)), (mask.Width, mask.Height, mask.At(0, 0), mask.At(0, 1)));
    }

    [Fact]
    public void Read_OfAJpegWithoutItsEndMarker_GivesAllPixels_AndRefusesWhereSomeAreMissing()
    {
        foreach (var picture in new[] { TestPictures.Noise(50, 34), FourColours, TestPictures.Of(40, 40, (_, _) => (128, 128, 128)) })
        {
            foreach (var quality in new[] { 60, 100 })
            {
                var jpeg = PictureWriter.EncodeJpeg(picture, quality);
                var whole = PictureReader.Read(jpeg).Bytes();
                Assert.Equal(whole, PictureReader.Read(jpeg.AsSpan(0, jpeg.Length - 2)).Bytes());
                Assert.Equal(whole, PictureReader.Read(jpeg.AsSpan(0, jpeg.Length - 1)).Bytes());
                Assert.Contains("truncated", Assert.Throws<PictureException>(() => PictureReader.Read(jpeg.AsSpan(0, 9 * jpeg.Length / 10))).Reason, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("AVIF", "\0\0\0\u0020ftypavif\0\0\0\0")]
    [InlineData("HEIC", "\0\0\0\u0018ftypheic\0\0\0\0")]
    [InlineData("HEIC", "\0\0\0\u0018ftypmif1\0\0\0\0")]
    [InlineData("JPEG 2000", "\0\0\0\u000CjP  \r\n\u0087\n\0\0\0\u0014ftypjp2 ")]
    [InlineData("JPEG 2000", "\u00FF\u004F\u00FF\u0051\0\u002F")]
    [InlineData("JPEG XL", "\0\0\0\u000CJXL \r\n\u0087\n")]
    [InlineData("JPEG XL", "\u00FF\n\u00F8\u0006\0\0\0\0\0\0\0\0")]
    [InlineData("TIFF", "II*\0\u0008\0\0\0")]
    [InlineData("TIFF", "MM\0*\0\0\0\u0008")]
    [InlineData("PFM", "Pf\n4 4\n-1.0\n\0\0\0\0")]
    [InlineData("PNM", "P6\n4 4\n255\n\0\0\0")]
    [InlineData("OpenEXR", "v/1\u0001\u0002\0\0\0")]
    [InlineData("PSD", "8BPS\0\u0001\0\0")]
    [InlineData("PDF", "%PDF-1.7\n%\u00E2\u00E3")]
    [InlineData("SVG", "<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg width=\"4\">")]
    [InlineData("web page", "\n<!DOCTYPE html><html>")]
    public void Read_OfAnotherFormat_NamesIt(string name, string start)
    {
        var e = Assert.Throws<PictureException>(() => PictureReader.Read(System.Text.Encoding.Latin1.GetBytes(start.PadRight(64, ' '))));
        Assert.Contains(name, e.Reason, StringComparison.Ordinal);
        Assert.EndsWith("which is not read as a picture. PNG, JPEG, WebP, GIF and BMP are read.", e.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfWhatIsNoPicture_SaysWhatItIs()
    {
        File.WriteAllText(_folder["text.png"], "Dear Sir, this is a letter.");
        File.WriteAllBytes(_folder["empty.png"], []);
        File.WriteAllBytes(_folder["bytes.png"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        foreach (var (file, reason) in new[]
        {
            ("text.png", "is a text file, not a picture (it begins with \"Dear Sir, this i\"). PNG, JPEG, WebP, GIF and BMP are read."),
            ("empty.png", "the file is empty."),
            ("bytes.png", "is not a picture of a known format (it begins with the bytes 000102030405060708090A0B0C). PNG, JPEG, WebP, GIF and BMP are read."),
            ("none.png", "the file does not exist."),
            ("", "is a folder, not a picture."),
        })
        {
            var e = Assert.Throws<PictureException>(() => PictureReader.Read(_folder[file]));
            Assert.Equal((_folder[file], reason), (e.Input, e.Reason));
        }
    }

    /// <summary>Red, green over blue, white.</summary>
    private static Picture FourColours =>
        TestPictures.Of(64, 32, (x, y) => (x < 32, y < 16) switch { (true, true) => (255, 0, 0), (false, true) => (0, 255, 0), (true, false) => (0, 0, 255), _ => (255, 255, 255) });

    /// <summary>Asserts where the four colours are: upper left and right, lower left and right.</summary>
    private static void AssertUpright(byte[] file, string corners)
    {
        var picture = PictureReader.Read(file);
        Assert.Equal("RGBW GRWB WBGR BWRG".Contains(corners, StringComparison.Ordinal) ? (64, 32) : (32, 64), (picture.Width, picture.Height));
        var (left, right, top, bottom) = (picture.Width / 4, 3 * picture.Width / 4, picture.Height / 4, 3 * picture.Height / 4);
        Assert.Equal(corners, new string([Name(left, top), Name(right, top), Name(left, bottom), Name(right, bottom)]));

        char Name(int x, int y) => picture.At(x, y) switch { ( > 200, > 200, > 200) => 'W', ( > 200, < 60, < 60) => 'R', ( < 60, > 200, < 60) => 'G', ( < 60, < 60, > 200) => 'B', _ => '?' };
    }

    private static byte[] WithChunk(byte[] png, int at, byte[] exif)
    {
        using var chunk = new MemoryStream();
        PngFormat.WriteChunk(chunk, "eXIf"u8, exif);
        return [.. png[..at], .. chunk.ToArray(), .. png[at..]];
    }

    /// <summary>The extended form of a lossless WebP, which alone can carry EXIF data. Source: RFC 9649, section 2.7.</summary>
    private static byte[] WebP(Picture picture, byte[] exif)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Pixels = [.. picture.Bytes().Chunk(3).Select(rgb => new SKColor(rgb[0], rgb[1], rgb[2]))];
        using var pixmap = bitmap.PeekPixels();
        using var data = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50));
        const int HasExif = 8;
        byte[] head = [HasExif, 0, 0, 0, (byte)(picture.Width - 1), 0, 0, (byte)(picture.Height - 1), 0, 0];
        byte[] chunks = [.. "VP8X"u8, .. BitConverter.GetBytes(head.Length), .. head, .. data!.ToArray()[12..], .. "EXIF"u8, .. BitConverter.GetBytes(exif.Length), .. exif];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(4 + chunks.Length), .. "WEBP"u8, .. chunks];
    }
}
