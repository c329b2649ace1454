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
