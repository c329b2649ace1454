using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>Folders and animations as pictures one after another.</summary>
public sealed class PictureFramesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("2.png", "10.png")]
    [InlineData("walk2b.png", "Walk10a.png")]
    [InlineData("a1b2", "a1b10")]
    [InlineData("a", "ab")]
    [InlineData("1.png", "01.png")]
    [InlineData("9", "99999999999999999999999999999999")]
    [InlineData("a-1", "a1")]
    [InlineData("", "0")]
    public void NaturalOrder_CountsNumbers_AndTellsApartWhatDiffers(string first, string second)
    {
        Assert.True(NaturalOrder.Instance.Compare(first, second) < 0);
        Assert.True(NaturalOrder.Instance.Compare(second, first) > 0);
        Assert.Equal(0, NaturalOrder.Instance.Compare(first, first));
    }

    [Fact]
    public void FramesOf_AFolder_AreItsFilesInNaturalOrder_WithoutHiddenOnesAndFolders()
    {
        foreach (var name in new[] { "frame10.png", "frame2.png", "Frame1.png", ".DS_Store" })
        {
            File.WriteAllText(_folder[name], "");
        }

        Directory.CreateDirectory(_folder["frame3"]);
        var frames = PictureSource.FramesOf(_folder.Path);
        Assert.Equal(["Frame1.png", "frame2.png", "frame10.png"], frames.Select(frame => Path.GetFileName(frame.Path)));
    }

    [Fact]
    public void FramesOf_AnEmptyFolder_IsRefused_AndOfAFileThatIsMissing_ItIsFoundWhenItIsRead()
    {
        Assert.Contains("there is no picture in this folder", Assert.Throws<PictureException>(() => PictureSource.FramesOf(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<PictureException>(Assert.Single(PictureSource.FramesOf(_folder["none.gif"])).Read);
    }

    [Fact]
    public void FramesOf_AnAnimatedGif_AreItsFrames_EachOverThoseBeforeIt()
    {
        var (black, red, blue) = (Even(24, 16, (0, 0, 0)), Even(12, 16, (255, 0, 0)), Even(6, 8, (0, 0, 255)));
        File.WriteAllBytes(_folder["a.gif"], AnimationBytes.Gif(24, 16, black, red, blue));
        var frames = PictureSource.FramesOf(_folder["a.gif"]);
        Assert.Equal([0, 1, 2], frames.Select(frame => frame.Frame!.Value));
        Assert.Equal(black.Bytes(), frames[0].Read().Bytes());
        // The last one first: what it lies over is decoded for it.
        var last = frames[2].Read();
        Assert.Equal(((0, 0, 255), (255, 0, 0), (0, 0, 0)), (last.At(0, 0), last.At(8, 8), last.At(20, 0)));
        Assert.Equal(((255, 0, 0), (0, 0, 0)), (frames[1].Read().At(0, 0), frames[1].Read().At(20, 0)));
        Assert.Equal(black.Bytes(), PictureReader.Read(_folder["a.gif"]).Bytes());
        Assert.Equal(frames[0].ReadSha256(), frames[2].ReadSha256());
    }

    [Fact]
    public void FramesOf_AnAnimatedWebP_AreItsFrames_AndOfOtherFilesTheyAreOne()
    {
        var (black, red) = (Even(24, 16, (0, 0, 0)), Even(24, 16, (250, 5, 5)));
        File.WriteAllBytes(_folder["a.webp"], AnimationBytes.WebP(black, red));
        var frames = PictureSource.FramesOf(_folder["a.webp"]);
        Assert.Equal(2, frames.Count);
        Assert.InRange(frames[0].Read().At(5, 5).R, 0, 20);
        Assert.InRange(frames[1].Read().At(5, 5).R, 230, 255);
        foreach (var (name, bytes) in new[] { ("b.gif", AnimationBytes.Gif(24, 16, red)), ("b.webp", PictureWriter.EncodeWebP(red, 90)), ("b.png", PictureWriter.EncodePng(red)) })
        {
            File.WriteAllBytes(_folder[name], bytes);
            Assert.Null(Assert.Single(PictureSource.FramesOf(_folder[name])).Frame);
        }
    }

    [Fact]
    public void Read_OfAFrameThatIsNotThere_SaysHowManyThereAre()
    {
        var gif = AnimationBytes.Gif(8, 8, Even(8, 8, (1, 2, 3)), Even(8, 8, (4, 5, 6)));
        var e = Assert.Throws<PictureException>(PictureSource.FromBytes(gif).WithFrame(2).Read);
        Assert.Contains("there is no frame 2: it has 2, counted from 0", e.Message, StringComparison.Ordinal);
        Assert.Throws<PictureException>(PictureSource.FromBytes(PictureWriter.EncodePng(Even(8, 8, (1, 2, 3)))).WithFrame(1).Read);
        Assert.Throws<ArgumentOutOfRangeException>(() => PictureSource.FromBytes(gif).WithFrame(-1));
    }

    private static Picture Even(int width, int height, (int R, int G, int B) colour) => TestPictures.Of(width, height, (_, _) => colour);
}
