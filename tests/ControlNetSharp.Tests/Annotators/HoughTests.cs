using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class HoughTests
{
    private const string JsonName = "annot.json";

    /// <summary>The index of every golden case.</summary>
    public static TheoryData<int> Cases() =>
        File.Exists(Goldens.PathOf(JsonName)) && Goldens.Json(JsonName).TryGetProperty("hough", out var cases) && cases.GetArrayLength() > 0 ? [.. Enumerable.Range(0, cases.GetArrayLength())] : [0];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Find_WithTheGoldensSettings_GivesOpenCvsLinesInItsOrder(int index)
    {
        var settings = Goldens.Part(JsonName, "hough")[index];
        var picture = PictureReader.Read(Goldens.Require($"annot/pic_{settings.GetProperty("picture").GetString()}.png"));
        var canny = settings.GetProperty("edges").GetString()!.Split(' ');
        var edges = Greyscale.Of(Canny.Detect(picture, Number(canny[1]), Number(canny[2])));
        var lines = HoughLines.Find(
            edges, picture.Width, picture.Height, settings.GetProperty("threshold").GetInt32(), settings.GetProperty("minLineLength").GetInt32(), settings.GetProperty("maxLineGap").GetInt32(),
            settings.GetProperty("rho").GetDouble(), Angle(settings.GetProperty("theta")));
        var expected = settings.GetProperty("lines").EnumerateArray().Select(line => line.EnumerateArray().Select(v => v.GetDouble()).ToArray()).Select(v => new LineSegment(v[0], v[1], v[2], v[3]));
        Assert.Equal(expected, lines);
    }

    [Fact]
    public void Annotate_OfASquare_DrawsItsSidesAndFewerWhereLinesMustBeLonger()
    {
        using var annotator = AnnotatorCatalogue.Create("hough");
        var square = TestPictures.Square(128, 128);
        var lines = annotator.Hint(square);
        Assert.Equal((128, 128), (lines.Width, lines.Height));
        Assert.All(lines.Bytes(), value => Assert.True(value is 0 or 255));
        Assert.True(White(lines) > 3 * 60);
        Assert.Equal((0, 0, 0), lines.At(64, 64));
        var none = annotator.Hint(square, new AnnotatorOptions(annotator.Info, new Dictionary<string, double> { ["length"] = 100 }));
        Assert.Equal(0, White(none));
        Assert.Equal(0, White(annotator.Hint(square, new AnnotatorOptions(annotator.Info, new Dictionary<string, double> { ["threshold"] = 500 }))));

        static int White(Picture picture) => picture.Bytes().Count(value => value == 255) / 3;
    }

    [Fact]
    public void Annotate_OfSoftPictures_WithTheEmbeddedNetwork_StillFindsLines()
    {
        using var byCanny = AnnotatorCatalogue.Create("hough");
        using var byNetwork = AnnotatorCatalogue.Create("hough_pocket", new AnnotatorFiles([Path.Combine(AppContext.BaseDirectory, "pocket")]));
        var (canny, network) = (0.0, 0.0);
        for (var seed = 900_000; seed < 900_008; seed++)
        {
            var sharp = SceneRenderer.Render(Scene.FromSeed(seed), 256);
            var soft = PictureResizing.Fit(PictureResizing.Fit(sharp, 40, 40, ResizeMode.Just), 256, 256, ResizeMode.Just);
            var lines = byCanny.Hint(sharp);
            canny += EdgeAgreement.F1(byCanny.Hint(soft), lines, 2) / 8;
            network += EdgeAgreement.F1(byNetwork.Hint(soft), lines, 2) / 8;
        }

        Assert.InRange(network, Math.Max(0.2, 1.5 * canny), 1);
        Assert.All(byNetwork.Hint(SceneRenderer.Render(Scene.FromSeed(900_000), 256)).Bytes(), value => Assert.True(value is 0 or 255));
    }

    [Fact]
    public void Find_AcrossAGap_JoinsOrSplitsByTheLongestGap()
    {
        // A row of 40 points, 8 missing, and 40 again.
        var edges = new byte[100 * 20];
        for (var x = 4; x < 92; x++)
        {
            edges[10 * 100 + x] = x is >= 44 and < 52 ? byte.MinValue : byte.MaxValue;
        }

        Assert.Single(HoughLines.Find(edges, 100, 20, 20, 20, maxGap: 8));
        var split = HoughLines.Find(edges, 100, 20, 20, 20, maxGap: 7);
        Assert.Equal([false, true], split.Select(line => line.X0 > 48).Distinct().Order());
        Assert.All(split, line => Assert.Equal(line.X0 > 48, line.X1 > 48));
        Assert.Empty(HoughLines.Find(edges, 100, 20, 20, 50, maxGap: 7));
    }

    [Theory]
    [InlineData(0, 0, 9, 3)]
    [InlineData(9, 3, 0, 0)]
    [InlineData(3, 9, 0, 0)]
    [InlineData(-100, 4, 100, 4)]
    [InlineData(5, 5, 5, 5)]
    public void ThinLine_HasOnePixelForEachStepAlongItsLongerSide(long x0, long y0, long x1, long y1)
    {
        var canvas = new Picture(10, 10, new byte[300]);
        ThinLine.Draw(canvas, x0, y0, x1, y1);
        var inside = Math.Max(Math.Abs(Math.Clamp(x1, 0, 9) - Math.Clamp(x0, 0, 9)), Math.Abs(Math.Clamp(y1, 0, 9) - Math.Clamp(y0, 0, 9)));
        Assert.Equal(inside + 1, canvas.Bytes().Count(value => value == 255) / 3);
    }

    [Theory]
    [InlineData(-5, -5, -1, 20)]
    [InlineData(12, 0, 30, 9)]
    [InlineData(0, -3, 9, -1)]
    [InlineData(-10, 3, 3, -10)]
    public void ThinLine_OutsideTheCanvas_DrawsNothing(long x0, long y0, long x1, long y1)
    {
        var canvas = new Picture(10, 10, new byte[300]);
        ThinLine.Draw(canvas, x0, y0, x1, y1);
        Assert.All(canvas.Bytes(), value => Assert.Equal(0, value));
    }

    private static double Angle(JsonElement theta)
    {
        var parts = theta.ValueKind == JsonValueKind.String ? theta.GetString()!.Split('/') : [theta.GetRawText()];
        var first = parts[0] == "pi" ? Math.PI : Number(parts[0]);
        return parts.Length > 1 ? first / Number(parts[1]) : first;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
