using System.Security.Cryptography;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Requests;

public sealed class PictureSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_OfAFileThatChangesLater_StaysWhatItWas_AndItsDigestIsKnown()
    {
        var file = _folder["a.png"];
        PictureWriter.WritePng(file, TestPictures.Square(9, 7));
        var (bytes, source) = (File.ReadAllBytes(file), PictureSource.FromFile(file));
        Assert.Null(source.Sha256);
        var first = source.Read();
        PictureWriter.WritePng(file, TestPictures.Square(5, 5));
        Assert.Same(first, source.Read());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), source.Sha256);
    }

    [Fact]
    public void Read_OfAFileThatComesLater_Succeeds()
    {
        PictureSource source = _folder["late.png"];
        Assert.Contains("does not exist", Assert.Throws<PictureException>(source.Read).Message, StringComparison.Ordinal);
        PictureWriter.WritePng(_folder["late.png"], TestPictures.Square(4, 4));
        Assert.Equal(4, source.Read().Width);
    }

    [Fact]
    public void Read_OfAnotherFileThanExpected_NamesBothDigests()
    {
        PictureWriter.WritePng(_folder["a.png"], TestPictures.Square(9, 7));
        var e = Assert.Throws<PictureException>(PictureSource.FromFile(_folder["a.png"], new string('0', 64)).Read);
        Assert.Contains("that one's with 0000000000", e.Message, StringComparison.Ordinal);
        var own = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_folder["a.png"])));
        Assert.Contains(own[..10], e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromPicture_HasTheBytesOfAPng_AndFromBytesReadsThem()
    {
        PictureSource source = TestPictures.Square(9, 7);
        var copy = PictureSource.FromBytes(source.ReadBytes(), null);
        Assert.Equal(source.Read().Bytes(), copy.Read().Bytes());
    }
}
