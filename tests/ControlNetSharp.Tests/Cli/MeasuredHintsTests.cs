using System.Text;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Cli;
using ControlNetSharp.Pictures;
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
        Assert.Equal(PoseDrawing.Draw(pose).Rgb, pictures.Picture.Rgb);
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
            Assert.Equal((96, 64, true), (drawn.Width, drawn.Height, drawn.Rgb.Any(level => level > 0)));
        }

        Assert.Throws<UsageException>(() => UnitSpecification.Parse($"pose={_folder["photo.png"]},canvas_width=96"));
    }

    [Fact]
    public void AUnitAsJson_MayBeginWithAByteOrderMark()
    {
        File.WriteAllText(_folder["unit.json"], """{"kind":"canny","picture":"base.png","weight":0.5}""", Encoding.Unicode);
        Assert.Equal(("canny", 0.5), (UnitSpecification.Parse($"@{_folder["unit.json"]}").Kind.Name, UnitSpecification.Parse($"@{_folder["unit.json"]}").Strength.Weight));
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
        var mixed = new Picture(32, 32, [.. areas.Rgb.Select((level, i) => i / 3 % 8 == 0 ? (byte)Math.Clamp(level + 3, 0, 255) : level)]);
        PictureWriter.WritePng(_folder["mixed.png"], mixed);
        Assert.Equal(areas.Rgb, Read($"seg={_folder["mixed.png"]},annotator=none").Picture.Rgb);
        PictureWriter.WritePng(_folder["photo.png"], TestPictures.Noise(32, 32));
        var photograph = Read($"seg={_folder["photo.png"]},annotator=none");
        Assert.Equal(TestPictures.Noise(32, 32).Rgb, photograph.Picture.Rgb);
        Assert.False(Read($"seg={_folder["photo.png"]}").IsHint);
    }

    private static UnitPictures Read(string unit) => UnitPictures.Read(UnitSpecification.Parse(unit), null);

    private static void WriteNpy(string path, int width, int height, Func<int, float> value)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}".PadRight(117) + "\n";
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. Enumerable.Range(0, width * height).SelectMany(i => BitConverter.GetBytes(value(i)))]);
    }
}
