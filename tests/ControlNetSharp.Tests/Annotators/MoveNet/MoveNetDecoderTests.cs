using System.Text.Json;
using ControlNetSharp.Annotators.MoveNet;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.MoveNet;

/// <summary>People read off maps that the tests make, and off those of pictures.</summary>
public class MoveNetDecoderTests
{
    private const int Height = 16, Width = 24;

    [Fact]
    public void People_OfTwoPeaksFarApart_AreTwo_TheSurerFirst_EachWithThePointsOfItsOwnBox()
    {
        var people = Decoded(Centred((4, 5, 2), (11, 18, 3)), least: 0);
        Assert.Equal([18, 5], people.Select(person => (int)(person.Points[0].X / MoveNetParams.Stride)));
        Assert.All(people, person => Assert.InRange(person.Score, 0.3, 1));
        Assert.Equal(new MoveNetBox(4 * 15, 4 * 8, 4 * 21, 4 * 14), people[0].Box);
    }

    [Theory]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    public void People_OfPeaksUpToTwoCellsApart_AreOne(int column, int expected) =>
        Assert.Equal(expected, Decoded(Centred((4, 5, 3), (4, column, 2)), least: 0).Count);

    [Fact]
    public void People_UpToTheScore_BeyondTheNumberOrTooLarge_AreLeftOut()
    {
        var maps = Centred((4, 5, 2), (11, 18, 3));
        var scores = Decoded(maps, least: 0).Select(person => person.Score).ToList();
        Assert.Equal(scores.Take(1), Decoded(maps, least: scores[1]).Select(person => person.Score));
        Assert.Equal(scores.Take(1), Decoded(maps, least: 0, most: 1).Select(person => person.Score));
        Assert.Equal(2, Decoded(maps, least: 0, largest: 4 * 6).Count);
        Assert.Empty(Decoded(maps, least: 0, largest: 4 * 6 - 1));
    }

    [Fact]
    public void Point_OfTheCellInTheBox_LiesWhereTheOffsetSays_YFirst()
    {
        var values = Values(Centred((8, 12, 3)));
        // A hotter cell outside of the box does not count, one inside does.
        Heat(values, 0, 8, 12, -20);
        Heat(values, 0, 8, 20, 9);
        Heat(values, 0, 10, 13, 5);
        values[5][(0 * Height + 10) * Width + 13] = 0.25f;
        values[5][(1 * Height + 10) * Width + 13] = 0.75f;
        var person = Assert.Single(Decoded(Maps(values), least: 0));
        Assert.Equal(4 * 10.25, person.Points[0].Y, 1e-5);
        Assert.Equal(4 * 13.75, person.Points[0].X, 1e-5);
    }

    [Fact]
    public void OpenPosesBody_OfTheGraphsPeople_IsThatOfTheGoldens()
    {
        const string File = "movenet_openpose18.json";
        Goldens.Require("movenet_people.safetensors");
        using var golden = Goldens.Open("movenet_people.safetensors");
        foreach (var (name, width, height, inputWidth, inputHeight) in new[] { ("astronaut", 512, 512, 256, 256), ("pair", 1024, 512, 256, 128) })
        {
            var expected = Goldens.Part(File, "pictures").GetProperty(name).GetProperty("single_256");
            using var rows = golden.Required(name + ".people");
            var row = rows[0].data<float>().ToArray();
            var points = row.Take(51).Chunk(3).Select(point => new MoveNetPoint(point[1] * inputWidth, point[0] * inputHeight, point[2]));
            var step = (double)width / inputWidth;
            var person = new MoveNetInput(Picture.Black(inputWidth, inputHeight), 0, 0, step, step).ToPicture(new([.. points], default, row[^1]));
            AssertBody(expected[0], CocoBody.ToOpenPose(person, 0.2, width, height), 0.1);
        }
    }

    [Fact]
    public void OpenPosesBody_HasANeckBetweenTheShoulders_WhereBothAreSeen_AndNoPointBeyondThePicture()
    {
        var points = Enumerable.Range(0, 17).Select(i => new MoveNetPoint(10 * i, 5, 0.5)).ToArray();
        Assert.Equal(new PosePoint(55, 5), CocoBody.ToOpenPose(new(points, default, 1), 0.2, 1000, 100).Body[1]);
        points[5] = points[5] with { Score = 0.2 };
        var body = CocoBody.ToOpenPose(new(points, default, 1), 0.2, 100, 100).Body;
        Assert.Null(body[1]);
        Assert.Null(body[5]);
        Assert.Equal(new PosePoint(60, 5), body[2]);
        Assert.Equal(new PosePoint(99, 5), body[10]);
    }

    [Fact]
    public void IsSameAs_KnowsAPersonByItsPlaceOrItsPoints()
    {
        var person = Person(0, 0, 100);
        Assert.Equal(1, person.Similarity(person));
        Assert.True(person.IsSameAs(Person(3, 3, 100)));
        Assert.False(person.IsSameAs(Person(90, 0, 100)));
        // In one box two people can stand with no point near another; half a person lies on the whole one.
        var half = new MoveNetPerson([.. person.Points.Select((point, i) => i < 5 ? point : point with { Score = 0.1 })], new(0, 0, 100, 30), 0.5);
        Assert.True(person.Extent.Overlap(half.Extent) < 0.4);
        Assert.True(person.IsSameAs(half));
    }

    [Theory]
    [InlineData(300, 100, 256, 96, 256)]
    [InlineData(1, 1, 256, 256, 256)]
    [InlineData(3000, 2, 512, 32, 512)]
    [InlineData(90, 200, 128, 256, 256)]
    public void Whole_IsPaddedToTheRightAndBelow_AndItsPlacesAreThoseOfThePicture(int width, int height, int seenWidth, int seenHeight, int side)
    {
        var input = MoveNetInput.Whole(TestPictures.Of(width, height, (_, _) => (255, 255, 255)), side);
        Assert.Equal((seenWidth, seenHeight), (input.Seen.Width, input.Seen.Height));
        var (columns, rows) = ((int)Math.Round(width / input.StepX), (int)Math.Round(height / input.StepY));
        Assert.Equal(side, Math.Max(columns, rows));
        Assert.Equal((255, 255, 255), input.Seen.At(columns - 1, rows - 1));
        Assert.True(rows == seenHeight || input.Seen.At(0, rows) == (0, 0, 0));
        Assert.True(columns == seenWidth || input.Seen.At(columns, 0) == (0, 0, 0));
        var corner = input.ToPicture(new([new(columns, rows, 1)], default, 1)).Points[0];
        Assert.Equal(width, corner.X, 1e-6);
        Assert.Equal(height, corner.Y, 1e-6);
    }

    [Theory]
    [InlineData(30, 40, 60)]
    [InlineData(2, 98, 50)]
    [InlineData(50, 50, 400)]
    [InlineData(60, 20, 7)]
    [InlineData(-5, 104, 30)]
    public void Square_ShowsThePixelsOfItsPlaces_AndBlackBeyondThePicture(double x, double y, double side)
    {
        // White but for one spot, which is looked for again.
        var input = MoveNetInput.Square(TestPictures.Of(100, 100, (_, _) => (255, 255, 255)), x, y, side, 256);
        Assert.Equal((256, 256), (input.Seen.Width, input.Seen.Height));
        for (var i = 0; i < 256; i += 5)
        {
            var (row, column) = ((i * 37) % 256, i);
            var place = input.ToPicture(new([new(column + 0.5, row + 0.5, 1)], default, 1)).Points[0];
            Assert.InRange(place.X, x - side / 2 - 1.5, x + side / 2 + 1.5);
            var isInside = place.X is > 0 and < 100 && place.Y is > 0 and < 100;
            Assert.Equal(isInside ? (255, 255, 255) : (0, 0, 0), input.Seen.At(column, row));
        }
    }

    /// <summary>Each point of OpenPose within so many pixels.</summary>
    internal static void AssertBody(JsonElement expected, PosePerson actual, double tolerance)
    {
        foreach (var (point, i) in expected.GetProperty("openpose18").EnumerateArray().Select((point, i) => (point, i)))
        {
            Assert.Equal(point.ValueKind == JsonValueKind.Null, actual.Body[i] is null);
            if (actual.Body[i] is { } found)
            {
                Assert.Equal(point[0].GetDouble(), found.X, tolerance);
                Assert.Equal(point[1].GetDouble(), found.Y, tolerance);
            }
        }
    }

    private static MoveNetPerson Person(double x, double y, double size) =>
        new([.. Enumerable.Range(0, 17).Select(i => new MoveNetPoint(x + size * (i % 4) / 4, y + size * i / 17, 0.9))], new(x, y, x + size, y + size), 0.9);

    private static IReadOnlyList<MoveNetPerson> Decoded(MoveNetMaps maps, double least, int most = 12, double largest = double.PositiveInfinity)
    {
        using var scope = NewDisposeScope();
        return new MoveNetDecoder(maps, 0).People(least, most, largest);
    }

    /// <summary>People with boxes of 6 x 6 cells around their centres, all of whose points lie there.</summary>
    private static MoveNetMaps Centred(params (int Row, int Column, float Logit)[] people)
    {
        var values = MoveNetParams.Heads.Select(head => new float[head.Values * Height * Width]).ToArray();
        Array.Fill(values[0], -20);
        Array.Fill(values[1], 6);
        Array.Fill(values[3], -20);
        foreach (var (row, column, logit) in people)
        {
            values[0][row * Width + column] = logit;
            for (var point = 0; point < MoveNetParams.Points; point++)
            {
                Heat(values, point, row, column, 2);
            }
        }

        return Maps(values);
    }

    private static void Heat(float[][] values, int point, int row, int column, float logit) => values[3][(point * Height + row) * Width + column] = logit;

    private static float[][] Values(MoveNetMaps maps) => [.. maps.All.Select(map => map.data<float>().ToArray())];

    private static MoveNetMaps Maps(float[][] values) =>
        MoveNetMaps.Of([.. values.Select((map, i) => tensor(map, [1, MoveNetParams.Heads[i].Values, Height, Width]))]);
}
