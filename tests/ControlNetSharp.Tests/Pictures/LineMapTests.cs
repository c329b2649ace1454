using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>How finished maps of lines are brought to another size.</summary>
public class LineMapTests
{
    private const int Size = 256;

    /// <summary>A ring, a rectangle, a flat curve and a slanted line, one pixel wide: four pieces, two of them with a hole.</summary>
    private static readonly Lazy<Picture> Lines = new(() =>
    {
        var canvas = new Picture(Size, Size, new byte[3 * Size * Size]);
        for (var i = 0; i < 90; i++)
        {
            var (a, b) = (Math.Tau * i / 90, Math.Tau * (i + 1) / 90);
            Draw(70 + 40 * Math.Cos(a), 70 + 40 * Math.Sin(a), 70 + 40 * Math.Cos(b), 70 + 40 * Math.Sin(b));
            Draw(10 + 2 * i, 230 + 8 * Math.Sin(i / 9.0), 12 + 2 * i, 230 + 8 * Math.Sin((i + 1) / 9.0));
        }

        Draw(140, 30, 230, 30);
        Draw(230, 30, 230, 100);
        Draw(230, 100, 140, 100);
        Draw(140, 100, 140, 30);
        Draw(20, 140, 240, 197);
        return canvas;

        void Draw(double x0, double y0, double x1, double y1) => ThinLine.Draw(canvas, (long)x0, (long)y0, (long)x1, (long)y1);
    });

    public static TheoryData<int, int> Sizes => new() { { 64, 64 }, { 96, 96 }, { 128, 128 }, { 200, 200 }, { 255, 255 }, { 257, 257 }, { 384, 384 }, { 512, 512 }, { 640, 640 }, { 128, 384 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void FitHint_OfThinLines_KeepsThemWhiteOnePixelWideAndInOnePiece(int width, int height)
    {
        var fitted = PictureResizing.FitHint(Lines.Value, width, height, ResizeMode.Just);
        AssertBlackAndWhite(fitted);
        Assert.Equal(0, SquaresOfFour(fitted));
        Assert.Equal((4, 3), Pieces(fitted));
        // About as long as before, for its size.
        var stretch = Math.Sqrt((double)width * height) / Size;
        Assert.InRange(White(fitted) / (White(Lines.Value) * stretch), 0.85, 1.15);
    }

    [Fact]
    public void FitHint_OfThinLines_LeavesThemWhereTheyAre()
    {
        foreach (var size in new[] { 96, 512 })
        {
            var fitted = PictureResizing.FitHint(Lines.Value, size, size, ResizeMode.Just);
            var scale = (double)size / Size;
            for (var i = 0; i < size * size; i++)
            {
                var (x, y) = ((i % size + 0.5) / scale, (i / size + 0.5) / scale);
                var reach = (int)Math.Ceiling(1.5 / Math.Min(1, scale));
                Assert.True(fitted.At(i % size, i / size).R == 0 || Around(Lines.Value, (int)x, (int)y, reach), $"{i % size}, {i / size} of {size}");
            }
        }
    }

    [Fact]
    public void FitHint_OfDarkThinLines_KeepsThemDark()
    {
        var fitted = PictureResizing.FitHint(Inverted(Lines.Value), 96, 96, ResizeMode.Just);
        Assert.Equal(PictureResizing.FitHint(Lines.Value, 96, 96, ResizeMode.Just).Bytes(), Inverted(fitted).Bytes());
    }

    [Fact]
    public void FitHint_OfThinLinesFromJpeg_IsBlackAndWhite()
    {
        foreach (var quality in new[] { 75, 95 })
        {
            var fitted = PictureResizing.FitHint(PictureReader.Read(PictureWriter.EncodeJpeg(Lines.Value, quality)), 128, 128, ResizeMode.Just);
            AssertBlackAndWhite(fitted);
            Assert.Equal(0, SquaresOfFour(fitted));
            Assert.InRange(White(fitted) / (White(Lines.Value) / 2.0), 0.85, 1.15);
        }
    }

    [Fact]
    public void FitHint_OfThickLinesMadeMuchSmaller_KeepsThemInOnePiece()
    {
        // Three pixels wide; an eighth of that would be 0.4.
        var thick = new Picture(Size, Size, [.. Dilation.Square(Greyscale.Of(Lines.Value), Size, Size, 1).SelectMany(level => new[] { level, level, level })]);
        var fitted = PictureResizing.FitHint(thick, 32, 32, ResizeMode.Just);
        AssertBlackAndWhite(fitted);
        Assert.Equal(4, Pieces(fitted).White);
        Assert.Equal(3, Pieces(PictureResizing.FitHint(thick, 128, 128, ResizeMode.Just)).Black);
    }

    [Fact]
    public void FitHint_OfThickLines_ScalesTheirWidth()
    {
        var bar = TestPictures.Of(64, 64, (x, _) => x is >= 20 and < 32 ? (255, 255, 255) : (0, 0, 0));
        foreach (var (size, expected) in new[] { (32, 6), (128, 24) })
        {
            var fitted = PictureResizing.FitHint(bar, size, size, ResizeMode.Just);
            AssertBlackAndWhite(fitted);
            Assert.Equal(expected * size, White(fitted));
        }
    }

    [Fact]
    public void FitHint_OfASolidShapeWithAThinTail_KeepsBothAndTheirJoint()
    {
        var shape = TestPictures.Of(128, 128, (x, y) => (x - 40) * (x - 40) + (y - 64) * (y - 64) < 900 || (y == 64 && x is > 40 and < 120) ? (255, 255, 255) : (0, 0, 0));
        foreach (var size in new[] { 40, 64, 192 })
        {
            var fitted = PictureResizing.FitHint(shape, size, size, ResizeMode.Just);
            Assert.Equal(1, Pieces(fitted).White);
            Assert.Equal((255, 255, 255), fitted.At(40 * size / 128, 50 * size / 128));
            Assert.Equal(1, Enumerable.Range(0, size).Count(y => fitted.At(100 * size / 128, y).R > 0));
        }
    }

    [Fact]
    public void FitHint_OfSmallSquaresLikeAQrCode_KeepsThemSquares()
    {
        var random = new Random(3);
        var code = TestPictures.Of(29, 29, (_, _) => random.Next(2) == 0 ? (0, 0, 0) : (255, 255, 255));
        var fitted = PictureResizing.FitHint(code, 290, 290, ResizeMode.Just);
        AssertBlackAndWhite(fitted);
        Assert.All(Enumerable.Range(0, 29 * 29), i => Assert.Equal(code.At(i % 29, i / 29), fitted.At(i % 29 * 10 + 5, i / 29 * 10 + 5)));
    }

    [Fact]
    public void FitHint_OfSoftEdges_StaysSoft()
    {
        var soft = TestPictures.Of(64, 64, (x, y) => Grey(255 - 40 * Math.Abs(x + y - 64)));
        Assert.Equal(PictureResizing.Resize(soft, 32, 32, Interpolation.Area).Bytes(), PictureResizing.FitHint(soft, 32, 32, ResizeMode.Just).Bytes());

        static (int, int, int) Grey(int level) => (Math.Max(0, level), Math.Max(0, level), Math.Max(0, level));
    }

    [Fact]
    public void FitHint_OfAPicturesEdges_KeepsEveryPieceThatIsLongEnough()
    {
        var edges = Canny.Detect(TestPictures.Of(300, 200, (x, y) => ((x / 40 + y / 30) % 2 * 200, (int)(100 + 90 * Math.Sin(x / 25.0)), y % 60 < 30 ? 20 : 160)), 100, 200);
        var fitted = PictureResizing.FitHint(edges, 150, 100, ResizeMode.Just);
        AssertBlackAndWhite(fitted);
        Assert.Equal(0, SquaresOfFour(fitted));
        // Pieces may grow together, none may be torn or lost.
        Assert.InRange(Pieces(fitted).White, 1, Pieces(edges).White);
        Assert.All(Enumerable.Range(0, 300 * 200).Where(i => edges.At(i % 300, i / 300).R > 0), i => Assert.True(Around(fitted, i % 300 / 2, i / 300 / 2, 2)));
    }

    private static void AssertBlackAndWhite(Picture picture) => Assert.All(picture.Bytes().Distinct(), level => Assert.True(level is 0 or 255, $"{level}"));

    private static int White(Picture picture) => picture.Bytes().Count(level => level == 255) / 3;

    private static Picture Inverted(Picture picture) => new(picture.Width, picture.Height, [.. picture.Bytes().Select(level => (byte)(255 - level))]);

    private static bool Around(Picture picture, int x, int y, int reach) =>
        Enumerable.Range(-reach, 2 * reach + 1).Any(dy => Enumerable.Range(-reach, 2 * reach + 1).Any(dx =>
            x + dx >= 0 && x + dx < picture.Width && y + dy >= 0 && y + dy < picture.Height && picture.At(x + dx, y + dy).R > 127));

    /// <summary>Places where a line is two pixels wide in both directions.</summary>
    private static int SquaresOfFour(Picture picture) => Enumerable.Range(0, (picture.Width - 1) * (picture.Height - 1)).Count(i =>
    {
        var (x, y) = (i % (picture.Width - 1), i / (picture.Width - 1));
        return picture.At(x, y).R + picture.At(x + 1, y).R + picture.At(x, y + 1).R + picture.At(x + 1, y + 1).R == 4 * 255;
    });

    /// <summary>How many pieces hang together: white ones over corners, too, black ones (ground and holes) over sides.</summary>
    private static (int White, int Black) Pieces(Picture picture)
    {
        var (seen, white, black) = (new bool[picture.Width * picture.Height], 0, 0);
        for (var start = 0; start < seen.Length; start++)
        {
            if (seen[start])
            {
                continue;
            }

            var isWhite = picture.Rgb[3 * start] > 127;
            (white, black) = isWhite ? (white + 1, black) : (white, black + 1);
            seen[start] = true;
            for (var open = new Stack<int>([start]); open.TryPop(out var pixel);)
            {
                for (var i = 0; i < 9; i++)
                {
                    var (dx, dy) = (i % 3 - 1, i / 3 - 1);
                    var (x, y) = (pixel % picture.Width + dx, pixel / picture.Width + dy);
                    if (x >= 0 && x < picture.Width && y >= 0 && y < picture.Height && (isWhite || dx == 0 || dy == 0)
                        && !seen[y * picture.Width + x] && picture.At(x, y).R > 127 == isWhite)
                    {
                        seen[y * picture.Width + x] = true;
                        open.Push(y * picture.Width + x);
                    }
                }
            }
        }

        return (white, black);
    }
}
