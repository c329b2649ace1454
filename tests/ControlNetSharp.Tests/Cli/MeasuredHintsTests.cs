using System.Text;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Cli;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Units whose file holds what an annotator would have to guess.</summary>
public sealed class MeasuredHintsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void KeyPoints_AsJson_AreDrawn_AndNoAnnotatorIsAsked()
    {
        var pose = new PoseKeypoints(96, 64, [new PosePerson([new PosePoint(40, 10), new PosePoint(40, 20), new PosePoint(30, 22), .. new PosePoint?[15]])]);
        File.WriteAllText(_folder["pose.json"], PoseJson.Write(pose));
        var pictures = Read($"pose={_folder["pose.json"]}");
        Assert.True(pictures.IsHint);
        Assert.Equal(PoseDrawing.Draw(pose).Bytes(), pictures.Picture.Bytes());
        File.WriteAllText(_folder["pose.json"], "{}");
        Assert.Contains("canvas_width", Assert.Throws<PictureException>(() => Read($"pose={_folder["pose.json"]}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeyPoints_OfOpenPoseItself_LieOnTheCanvasThatTheUnitGives()
    {
        var points = string.Join(',', Enumerable.Range(0, 25).Select(i => $"{10 + i},20,0.5"));
        File.WriteAllText(_folder["raw.json"], $$"""{"version":1.3,"people":[{"pose_keypoints_2d":[{{points}}]}]}""");
        Assert.Contains("canvas_width=", Assert.Throws<PictureException>(() => Read($"pose={_folder["raw.json"]}")).Message, StringComparison.Ordinal);
        foreach (var annotator in new[] { "", ",annotator=none", ",annotator=openpose_keypoints" })
        {
            var drawn = Read($"openpose={_folder["raw.json"]},canvas_width=96,canvas_height=64{annotator}").Picture;
            Assert.Equal((96, 64, true), (drawn.Width, drawn.Height, drawn.Bytes().Any(level => level > 0)));
        }

        Assert.Throws<RequestException>(() => Read($"pose={_folder["photo.png"]},canvas_width=96"));
    }

    [Fact]
    public void AUnitAsJson_MayBeginWithAByteOrderMark()
    {
        File.WriteAllText(_folder["unit.json"], """{"kind":"canny","picture":"base.png","weight":0.5}""", Encoding.Unicode);
        Assert.Equal(("canny", 0.5), (UnitText.Parse($"@{_folder["unit.json"]}", "units[0]").Kind, UnitText.Parse($"@{_folder["unit.json"]}", "units[0]").Weight));
    }

    [Fact]
    public void DepthOfASensor_IsBrightWhereItIsNear_AndNoAnnotatorIsAsked()
    {
        WriteNpy(_folder["depth.npy"], 16, 8, i => 1 + i % 16);
        var pictures = Read($"depth={_folder["depth.npy"]}");
        Assert.True(pictures.IsHint);
        Assert.Equal((16, 8, 255, 0), (pictures.Picture.Width, pictures.Picture.Height, pictures.Picture.Rgb[0], pictures.Picture.Rgb[3 * 15]));
    }

    [Fact]
    public void AFinishedSegmentation_GetsThePalettesColoursBack_APhotographStaysAsItIs()
    {
        var areas = Ade20kPalette.Paint([.. Enumerable.Range(0, 32 * 32).Select(i => (byte)(i % 32 < 16 ? 2 : 12))], 32, 32);
        var mixed = new Picture(32, 32, [.. areas.Bytes().Select((level, i) => i / 3 % 8 == 0 ? (byte)Math.Clamp(level + 3, 0, 255) : level)]);
        PictureWriter.WritePng(_folder["mixed.png"], mixed);
        Assert.Equal(areas.Bytes(), Read($"seg={_folder["mixed.png"]},annotator=none").Picture.Bytes());
        PictureWriter.WritePng(_folder["photo.png"], TestPictures.Noise(32, 32));
        var photograph = Read($"seg={_folder["photo.png"]},annotator=none");
        Assert.Equal(TestPictures.Noise(32, 32).Bytes(), photograph.Picture.Bytes());
        Assert.False(Read($"seg={_folder["photo.png"]}").IsHint);
    }

    [Fact]
    public void ASegmentationALevelOffThePalette_GetsThePalettesColours()
    {
        var areas = Ade20kPalette.Paint([.. Enumerable.Range(0, 32 * 32).Select(i => (byte)(i % 32 < 16 ? 2 : 12))], 32, 32);
        PictureWriter.WritePng(_folder["off.png"], new Picture(32, 32, [.. areas.Bytes().Select(level => (byte)(level < 128 ? level + 1 : level - 1))]));
        var pictures = Read($"seg={_folder["off.png"]},annotator=none");
        Assert.Equal(areas.Bytes(), pictures.Picture.Bytes());
        Assert.Null(pictures.Reading);
        Assert.Null(HintCheck.Warning(ConditionKind.Find("segmentation"), PictureReader.Read(_folder["off.png"])));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",annotator=none")]
    [InlineData(",annotator=seg_classes")]
    public void ClassNumbers_BecomeColours_AndItIsSaid(string option)
    {
        PictureWriter.WritePng(_folder["numbers.png"], TestPictures.Of(32, 32, (x, _) => x < 16 ? (2, 2, 2) : (12, 12, 12)));
        var pictures = Read($"seg={_folder["numbers.png"]}{option}");
        Assert.True(pictures.IsHint);
        Assert.Equal([Ade20kPalette.ColourOf(2), Ade20kPalette.ColourOf(12)], new[] { pictures.Picture.At(0, 0), pictures.Picture.At(31, 31) });
        Assert.Contains("class numbers of ADE20K", pictures.Reading, StringComparison.Ordinal);
        Assert.Equal(Ade20kPalette.ColourOf(1), Read($"seg={_folder["numbers.png"]},annotator=seg_classes,first=1").Picture.At(0, 0));
    }

    [Fact]
    public void PalettedNumbers_AreColoursFirst_AndNumbersOnlyInAFinishedMap()
    {
        byte[] Paletted(params byte[] palette) => PngBytes.Of(
            32, 32, 8, PngBytes.Palette, [.. Enumerable.Range(0, 32).SelectMany(_ => new byte[] { 0 }.Concat(Enumerable.Range(0, 32).Select(x => (byte)(x / 16))))], ("PLTE", palette));
        File.WriteAllBytes(_folder["own.png"], Paletted(6, 230, 230, 150, 5, 61));
        Assert.Equal(Ade20kPalette.ColourOf(2), Read($"seg={_folder["own.png"]},annotator=none").Picture.At(0, 0));
        File.WriteAllBytes(_folder["other.png"], Paletted(128, 0, 64, 30, 90, 60));
        Assert.Equal(Ade20kPalette.ColourOf(1), Read($"seg={_folder["other.png"]},annotator=none").Picture.At(31, 0));
        // A drawing of few colours is stored in the same way.
        Assert.False(Read($"seg={_folder["other.png"]}").IsHint);
    }

    [Fact]
    public void DepthMaps_TakeOptionsInAUnit_AndItIsSaidHowTheyWereRead()
    {
        WriteNpy(_folder["depth.npy"], 16, 8, i => 1 + i % 16);
        var far = Read($"depth={_folder["depth.npy"]}");
        Assert.Contains("far is large", far.Reading, StringComparison.Ordinal);
        var near = Read($"depth={_folder["depth.npy"]},large=near");
        Assert.Contains("near is large, as large=near says", near.Reading, StringComparison.Ordinal);
        Assert.Equal((0, 255), (near.Picture.Rgb[0], near.Picture.Rgb[3 * 15]));
        Assert.Equal(255, Read($"depth={_folder["depth.npy"]},annotator=depth_measured,near=4,far=10").Picture.At(3, 0).R);
        Assert.Contains("must be auto, near or far", Assert.Throws<RequestException>(() => Read($"depth={_folder["depth.npy"]},large=up")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Annotate_SaysHowAFileWasRead()
    {
        WriteNpy(_folder["depth.npy"], 16, 8, i => 1 + i % 16);
        var run = await CommandRun.Of(["annotate", "depth", _folder["depth.npy"], "-o", _folder["hint.png"], "--option", "large=near", "--json"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("large=far", run.Message, StringComparison.Ordinal);
        Assert.Equal("depth_measured", run.Json.GetProperty("annotator").GetString());
        Assert.Contains("relative map", run.Json.GetProperty("reading").GetString(), StringComparison.Ordinal);
        PictureWriter.WritePng(_folder["numbers.png"], TestPictures.Of(32, 32, (x, _) => x < 16 ? (2, 2, 2) : (12, 12, 12)));
        run = await CommandRun.Of(["annotate", "seg", _folder["numbers.png"], "-o", _folder["hint.png"], "--overwrite"]);
        Assert.Contains("class numbers", run.Message, StringComparison.Ordinal);
        Assert.Equal(Ade20kPalette.ColourOf(12), PictureReader.Read(_folder["hint.png"]).At(31, 0));
        run = await CommandRun.Of(["annotate", "depth", _folder["depth.npy"], "-o", _folder["other.png"], "--option", "large=near", "--option", "far=3"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("metres", run.Message, StringComparison.Ordinal);
    }

    private static HintInput Read(string text) => UnitAnnotator.Open(UnitText.Parse(text, "units[0]"), "units[0]");

    private static void WriteNpy(string path, int width, int height, Func<int, float> value)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}".PadRight(117) + "\n";
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. Enumerable.Range(0, width * height).SelectMany(i => BitConverter.GetBytes(value(i)))]);
    }
}
