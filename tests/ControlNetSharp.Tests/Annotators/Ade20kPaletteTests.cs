using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class Ade20kPaletteTests
{
    [Fact]
    public void Palette_HasTheNamesAndColoursOfTheGolden()
    {
        var classes = Goldens.Part("ade20k_palette.json", "classes").EnumerateArray().ToList();
        Assert.Equal(Ade20kPalette.Count, classes.Count);
        foreach (var row in classes)
        {
            var label = row[0].GetInt32();
            Assert.Equal(row[1].GetString()!.Trim(), Ade20kPalette.Names[label]);
            Assert.Equal((row[2][0].GetByte(), row[2][1].GetByte(), row[2][2].GetByte()), Ade20kPalette.ColourOf(label));
        }
    }

    [Fact]
    public void Snap_OfAPaintedMap_ChangesNothing()
    {
        byte[] labels = [.. Enumerable.Range(0, Ade20kPalette.Count).Select(label => (byte)label)];
        var map = Ade20kPalette.Paint(labels, 15, 10);
        var (hint, off) = Ade20kPalette.Snap(map);
        Assert.Equal(map.Bytes(), hint.Bytes());
        Assert.Equal(0, off);
    }

    [Fact]
    public void Snap_OfAMapWithSoftenedColours_GivesTheNearestOnes_AndTellsTheShare()
    {
        // Sky, with a quarter of the pixels a little off, and a black pixel.
        var map = TestPictures.Of(8, 8, (x, y) => (x, y) == (0, 0) ? (0, 0, 0) : x < 2 ? (9, 227, 232) : (6, 230, 230));
        var (hint, off) = Ade20kPalette.Snap(map);
        Assert.Equal(15.0 / 64, off);
        Assert.Equal((0, 0, 0), hint.At(0, 0));
        Assert.Equal((6, 230, 230), hint.At(1, 4));
        Assert.Equal((6, 230, 230), hint.At(5, 5));
    }

    [Fact]
    public void Snap_OfAPhotograph_FindsMostPixelsOffThePalette() => Assert.True(Ade20kPalette.Snap(TestPictures.Noise(64, 64)).OffPalette > 0.9);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(1, 40)]
    public void Recovered_OfAMapALittleOffThePalette_IsTheMap(int levels, int blackRows)
    {
        // Every pixel is off, those of the black ground, too.
        var map = Ade20kPalette.Paint([.. Enumerable.Range(0, 64 * 64).Select(i => (byte)(i / 1024 * 37 + i % 64 / 16))], 64, 64);
        map.Canvas[..(3 * 64 * blackRows)].Clear();
        var off = new Picture(64, 64, [.. map.Bytes().Select(level => (byte)(level < 128 ? level + levels : level - levels))]);
        Assert.Equal(1, Ade20kPalette.Snap(off).OffPalette);
        Assert.Equal(map.Bytes(), Ade20kPalette.Recovered(off)!.Bytes());
    }

    [Fact]
    public void Recovered_OfPhotographsAndOtherPalettes_IsNothing()
    {
        Assert.Null(Ade20kPalette.Recovered(TestPictures.Noise(64, 64)));
        Assert.Null(Ade20kPalette.Recovered(SceneRenderer.Render(Scene.FromSeed(1_000_003), 128)));
        // A photograph at night, and Cityscapes' road, sky and cars on a ground of nothing.
        Assert.Null(Ade20kPalette.Recovered(TestPictures.Of(64, 64, (x, y) => x < 60 ? (x % 7, y % 9, 8) : (x, 70, 90))));
        Assert.Null(Ade20kPalette.Recovered(TestPictures.Of(64, 64, (x, y) => y < 40 ? (0, 0, 0) : y < 50 ? (128, 64, 128) : x < 32 ? (70, 130, 180) : (0, 0, 142))));
    }

    [Fact]
    public void Labels_ThatAreNone_AreRefused()
    {
        Assert.Equal("label", Assert.Throws<ArgumentOutOfRangeException>(() => Ade20kPalette.ColourOf(150)).ParamName);
        Assert.Contains("A map of 2 x 2 has 4 labels, not 3", Assert.Throws<ArgumentException>(() => Ade20kPalette.Paint([0, 1, 2], 2, 2)).Message, StringComparison.Ordinal);
    }
}
