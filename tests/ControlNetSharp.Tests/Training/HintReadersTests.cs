using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Pictures;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>What pictures lose by not showing what their hints say.</summary>
public class HintReadersTests
{
    private const int Side = 8;

    public static TheoryData<string, int> Kinds
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (var kind in HintReaders.Kinds)
            {
                rows.Add(kind, 256);
            }

            // Seen smaller, and larger.
            rows.Add("lineart", 384);
            rows.Add("segmentation", 128);
            rows.Add("depth", 128);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Losses_OfTheHintsSource_AreLessThanThoseOfOtherPictures(string kind, int size)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var vision = EmbeddedVision.Load();
        var examples = new long[] { 1_000_003, 1_000_011, 1_000_024 }.Select(seed => SceneHints.Find(kind)!.Make(seed, size)).ToList();
        var maps = vision.Look(cat([.. examples.Select(example => PictureTensors.ToPicture(example.Picture))]));
        var more = new List<float>();
        for (var hint = 0; hint < examples.Count; hint++)
        {
            var losses = HintReaders.Losses(kind, maps, PictureTensors.ToHint(examples[hint].Hint).expand(examples.Count, -1, -1, -1)).data<float>().ToArray();
            Assert.All(losses, loss => Assert.InRange(loss, 0, 100));
            Assert.True(losses.Index().All(row => row.Index == hint || row.Item > losses[hint]), $"hint {hint}: {string.Join(", ", losses)}");
            more.AddRange(losses.Index().Where(row => row.Index != hint).Select(row => row.Item - losses[hint]));
        }

        // The kinds weigh alike.
        Assert.InRange(more.Average(), 0.7, 1.4);
    }

    [Fact]
    public void Kinds_AreThoseOfTheEmbeddedNetwork_ByAnyOfTheirNames()
    {
        Assert.Equal(["canny", "depth", "hed", "hough", "lineart", "normal", "scribble", "segmentation"], HintReaders.Kinds.Order(StringComparer.Ordinal));
        Assert.True(HintReaders.Has("mlsd") && HintReaders.Has("seg") && HintReaders.Has("softedge"));
        Assert.False(HintReaders.Has("pose") || HintReaders.Has("fill") || HintReaders.Has("mixed"));
    }

    [Fact]
    public void Look_OfATensor_SeesWhatIsSeenInThePicture_AndGivesGradientsToItAlone()
    {
        using var scope = NewDisposeScope();
        using var vision = EmbeddedVision.Load();
        var picture = SceneHints.Find("hed")!.Make(1_000_003, 256).Picture;
        var pixels = PictureTensors.ToPicture(picture).requires_grad_();
        var maps = vision.Look(pixels);
        var view = vision.Look(picture, TestContext.Current.CancellationToken);
        Goldens.AssertClose(tensor(view.Edges), maps.Edges.sigmoid().flatten().detach(), 1e-5, "edges");
        maps.Edges.sum().backward();
        Assert.True(pixels.grad!.abs().max().item<float>() > 0);
    }

    [Theory]
    [InlineData("lineart", 1, 1.0)]
    [InlineData("scribble", 3, 1.0)]
    [InlineData("hough", 3, 0.1)]
    public void Losses_OfLines_AreTheCrossEntropy(string kind, int reach, double elsewhere)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var (edges, hints) = (randn([2, 1, Side, Side], generator: generator), rand([2, 1, Side, Side], generator: generator).expand(-1, 3, -1, -1));
        var actual = HintReaders.Differences(kind, Maps(edges: edges), hints).data<float>().ToArray();
        for (var i = 0; i < 2; i++)
        {
            var (sum, counts) = (0.0, 0.0);
            for (var place = 0; place < Side * Side; place++)
            {
                var (x, y) = (place % Side, place / Side);
                var logit = Enumerable.Range(-(reach / 2), reach)
                    .SelectMany(dy => Enumerable.Range(-(reach / 2), reach).Select(dx => (X: x + dx, Y: y + dy)))
                    .Where(at => at.X is >= 0 and < Side && at.Y is >= 0 and < Side)
                    .Max(at => (double)edges[i, 0, at.Y, at.X].item<float>());
                var (line, edge) = (hints[i, 0, y, x].item<float>(), 1 / (1 + Math.Exp(-logit)));
                var count = line + elsewhere * (1 - line);
                sum -= count * (line * Math.Log(edge) + (1 - line) * Math.Log(1 - edge));
                counts += count;
            }

            Assert.Equal(sum / counts, actual[i], 1e-5);
        }
    }

    [Fact]
    public void Losses_OfThinLinesInLargerHints_AreThoseOfTheLines()
    {
        using var scope = NewDisposeScope();
        var hints = zeros(1, 3, 4 * Side, 4 * Side);
        hints[0, TensorIndex.Colon, TensorIndex.Colon, 13] = 1;
        var edges = full([1, 1, Side, Side], -30f);
        Assert.True(HintReaders.Differences("canny", Maps(edges: edges), hints).item<float>() > 1);
        edges[0, 0, TensorIndex.Colon, 3] = 30f;
        Assert.Equal(0, HintReaders.Differences("canny", Maps(edges: edges), hints).item<float>(), 1e-5);
    }

    [Fact]
    public void Losses_OfDepth_AreFreeOfScaleAndShift()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var near = rand([2, 1, Side, Side], generator: generator);
        double[] Of(Tensor disparity) =>
            [.. HintReaders.Differences("depth", Maps(depth: disparity.log().neg()), near.expand(-1, 3, -1, -1)).data<float>().Select(loss => (double)loss)];
        Assert.All(Of(near * 0.3 + 0.2), loss => Assert.Equal(0, loss, 1e-4));
        Assert.All(Of(1.5 - near), loss => Assert.Equal(2, loss, 1e-3));
        Assert.All(Of(near.flip(3) + 0.1), loss => Assert.InRange(loss, 0.3, 1.9));
    }

    [Fact]
    public void Losses_OfDirections_AreThoseOfTheAngle_WithoutTheSky()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        var normals = randn([1, 3, Side, Side], generator: generator);
        var unit = normals / normals.norm(1, keepdim: true);
        // Red is left.
        var hints = (unit * tensor(new[] { -1f, 1f, 1f }).reshape(1, 3, 1, 1) + 1) / 2;
        double Of(Tensor seen, Tensor depth) => HintReaders.Differences("normal", Maps(depth: depth, normals: seen), hints).item<float>();
        var near = zeros(1, 1, Side, Side);
        Assert.Equal(0, Of(normals * 3, near), 1e-5);
        Assert.Equal(2, Of(-normals, near), 1e-5);
        var half = cat([normals[.., .., ..4], -normals[.., .., 4..]], 2);
        Assert.Equal(1, Of(half, near), 1e-5);
        Assert.Equal(0, Of(half, cat([near[.., .., ..4], near[.., .., 4..] + Math.Log(300)], 2)), 1e-5);
        Assert.Equal(0, Of(half, near + Math.Log(300)), 1e-5);
    }

    [Fact]
    public void Losses_OfAreas_AreThoseOfTheirClasses_WithoutColoursThatMeanNone()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6, CPU);
        var count = EmbeddedClasses.All.Count;
        var classes = randn([1, count, 1, 4], generator: generator);
        int[] indices = [0, 40, count - 1];
        byte[][] colours =
        [
            .. indices.Select(index => Ade20kPalette.ColourOf(EmbeddedClasses.All[index])).Select(colour => new[] { colour.Red, colour.Green, colour.Blue }), [1, 2, 250],
        ];
        // Rounding and JPEG move colours by a little.
        colours[1][0] ^= 3;
        var hints = tensor(colours.SelectMany(colour => colour).Select(level => level / 255f).ToArray()).reshape(1, 1, 4, 3).permute(0, 3, 1, 2);
        var expected = indices.Index().Average(row => -classes[0, .., 0, row.Index].to(ScalarType.Float64).log_softmax(0)[row.Item].item<double>());
        Assert.Equal(expected, HintReaders.Differences("seg", Maps(classes: classes), hints).item<float>(), 1e-5);
        Assert.Equal(0, HintReaders.Differences("seg", Maps(classes: classes), full_like(hints, 0.98)).item<float>());
    }

    private static EmbeddedMaps Maps(Tensor? edges = null, Tensor? depth = null, Tensor? normals = null, Tensor? classes = null) =>
        new(edges ?? zeros(0), depth ?? zeros(0), normals ?? zeros(0), classes ?? zeros(0), zeros(0), zeros(0));
}
