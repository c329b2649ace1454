using System.Text;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

public sealed class PictureTextsTests
{
    private const string Text = "a cat, ein Bär, 熊, 🐻\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, Seed: 1";

    public static TheoryData<string, byte[]> Comments() => new()
    {
        { "UTF-16, upper byte first", [.. ExifBytes.Unicode, .. Encoding.BigEndianUnicode.GetBytes(Text)] },
        { "UTF-16, lower byte first", [.. ExifBytes.Unicode, .. Encoding.Unicode.GetBytes(Text)] },
        { "UTF-16 with a mark", [.. ExifBytes.Unicode, 0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(Text)] },
        { "UTF-16 with the other mark", [.. ExifBytes.Unicode, 0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Text)] },
        { "UTF-16, filled up", [.. ExifBytes.Unicode, .. Encoding.Unicode.GetBytes(Text), 0, 0, 0, 0] },
        { "UTF-8 said to be UTF-16", [.. ExifBytes.Unicode, .. Encoding.UTF8.GetBytes(Text)] },
        { "UTF-8 said to be ASCII", [.. ExifBytes.Ascii, .. Encoding.UTF8.GetBytes(Text), 0] },
        { "UTF-8 without a name", [.. new byte[8], .. Encoding.UTF8.GetBytes(Text), 0, 0] },
        { "UTF-16 without a name", [.. new byte[8], .. Encoding.BigEndianUnicode.GetBytes(Text)] },
        { "no room for a name", Encoding.UTF8.GetBytes(Text) },
    };

    [Theory]
    [MemberData(nameof(Comments))]
    public void Read_OfAComment_GivesItsCharacters_WhateverTheNumbersByteOrderAndTheFormat(string name, byte[] comment)
    {
        foreach (var littleEndian in new[] { true, false })
        {
            var exif = ExifBytes.Of(littleEndian, comment);
            var named = ExifBytes.InWebp([.. "Exif\0\0"u8, .. exif]);
            byte[][] files = [ExifBytes.InJpeg(exif), ExifBytes.InPng(exif), ExifBytes.InWebp(exif), named];
            Assert.All(files, file => Assert.True(PictureTexts.Read(file).Parameters == Text, name));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_OfUtf16WithoutZeros_TakesTheNumbersByteOrder(bool littleEndian)
    {
        // U+FF01 and U+FF02 are no UTF-8 in either order.
        var text = "！＂";
        var bytes = (littleEndian ? Encoding.Unicode : Encoding.BigEndianUnicode).GetBytes(text);
        var jpeg = ExifBytes.InJpeg(ExifBytes.Of(littleEndian, [.. ExifBytes.Unicode, .. bytes]));
        Assert.Equal(text, PictureTexts.Read(jpeg).UserComment);
    }

    [Fact]
    public void Read_OfLatin1_GivesItsCharacters()
    {
        var jpeg = ExifBytes.InJpeg(ExifBytes.Of(true, [.. ExifBytes.Ascii, 0x42, 0xE4, 0x72]));
        Assert.Equal("Bär", PictureTexts.Read(jpeg).UserComment);
    }

    [Fact]
    public void Read_OfAllPlaces_KeepsThemApart_AndTheMostCertainOneCounts()
    {
        var exif = ExifBytes.Of(false, [.. ExifBytes.Ascii, .. "comment"u8], [.. "description\0"u8]);
        var png = PictureTexts.Read(ExifBytes.InPng(exif, ("tEXt", [.. "parameters\0named"u8])));
        Assert.Equal(("named", "comment", "description"), (png.Parameters, png.UserComment, png.Description));
        Assert.Equal("comment", PictureTexts.Read(ExifBytes.InJpeg(exif)).Parameters);
        var described = ExifBytes.InJpeg(ExifBytes.Of(true, null, [.. "description\0"u8]));
        Assert.Equal("description", PictureTexts.Read(described).Parameters);
        var jpeg = PictureTexts.Read(ExifBytes.InJpeg(0xFE, "a segment"u8.ToArray()));
        Assert.Equal(("a segment", "a segment"), (jpeg.Parameters, jpeg.Comment));
    }

    [Fact]
    public void Read_OfAShortValue_WhichStandsInItsEntry_GivesIt() =>
        Assert.Equal("abc", PictureTexts.Read(ExifBytes.InJpeg(ExifBytes.Of(true, null, [.. "abc\0"u8]))).Description);

    [Fact]
    public void Read_OfAJpegWithFillBytesBeforeItsMarkers_FindsThem()
    {
        var jpeg = ExifBytes.InJpeg(0xFE, "kept"u8.ToArray());
        Assert.Equal("kept", PictureTexts.Read([.. jpeg[..2], 0xFF, 0xFF, .. jpeg[2..]]).Comment);
    }

    [Fact]
    public void Read_OfPicturesWithoutTexts_GivesNone()
    {
        var picture = TestPictures.Noise(4, 4);
        byte[][] files =
        [
            PictureWriter.EncodePng(picture), PictureWriter.EncodeJpeg(picture),
            ExifBytes.InWebp([]), ExifBytes.InJpeg(ExifBytes.Of(true)),
        ];
        Assert.All(files, file => Assert.Null(PictureTexts.Read(file).Parameters));
        // What a camera fills its field with.
        var filled = ExifBytes.Of(true, new byte[28], [.. "     \0"u8]);
        Assert.Null(PictureTexts.Read(ExifBytes.InJpeg(filled)).Parameters);
    }

    [Theory]
    [InlineData(4, 0xFF)]
    [InlineData(14, 0x7F)]
    [InlineData(18, 0xFF)]
    [InlineData(40 + 4, 0x7F)]
    [InlineData(40 + 8, 0x7F)]
    public void Read_OfOffsetsAndLengthsThatPointOutOfTheFile_FindsNothing(int at, byte value)
    {
        var exif = ExifBytes.Of(littleEndian: false, [.. ExifBytes.Ascii, .. "comment"u8]);
        exif[at] = value;
        Assert.Null(PictureTexts.Read(ExifBytes.InJpeg(exif)).UserComment);
    }

    [Fact]
    public void Read_OfWhatIsNotRead_SaysSo()
    {
        var jis = ExifBytes.InJpeg(ExifBytes.Of(true, [.. "JIS\0\0\0\0\0"u8, 1, 2, 3]));
        Refuses(() => PictureTexts.Read(jis), "JIS");
        Refuses(() => PictureTexts.Read("some text"u8, "a.txt"), "a.txt");
        Refuses(() => PictureTexts.Read("none.png"), "does not exist");

        static void Refuses(Action read, string why) =>
            Assert.Contains(why, Assert.Throws<PictureException>(read).Message, StringComparison.Ordinal);
    }
}
