using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Annotators.Poses;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.OpenPose;

/// <summary>Peaks, fields and grouping against the original with stored maps in the place of the network.</summary>
public class BodyGroupingTests
{
    private const string FileName = "pose_group.safetensors";

    public static TheoryData<string> Cases => PoseDrawingTests.Names("group");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Group_OfTheGoldensMaps_GivesTheOriginalsPersons(string name)
    {
        var settings = PoseDrawingTests.Case("group", name);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(FileName);
        golden.Required($"{name}/heat").Dispose();
        var (width, height) = (settings.GetProperty("width").GetInt32(), settings.GetProperty("height").GetInt32());
        var (contentWidth, contentHeight) = (settings.GetProperty("padded")[1].GetInt32() - settings.GetProperty("pad_right").GetInt32(), settings.GetProperty("padded")[0].GetInt32() - settings.GetProperty("pad_down").GetInt32());
        PoseMaps Maps(string part) => new(golden[$"{name}/{part}"], contentWidth, contentHeight, width, height);
        var parts = Maps("heat");

        var neck = parts.Map(1);
        Goldens.AssertClose(golden[$"{name}/part1_map_crop"], Crop(tensor(neck).reshape(height, width)), 1e-4, $"{name}: map of the neck");
        Goldens.AssertClose(golden[$"{name}/part1_smooth_crop"], Crop(tensor(BodyPeaks.Smoothed(neck, width, height)).reshape(height, width)), 1e-4, $"{name}: smoothed map of the neck");

        var peaks = BodyPeaks.Find(parts);
        Assert.Equal(golden[$"{name}/peaks_per_part"].data<int>().ToArray(), Enumerable.Range(0, PosePerson.BodyPoints).Select(part => peaks.Count(peak => peak.Part == part)));
        var candidates = golden[$"{name}/candidate"];
        Assert.Equal(candidates.shape[0], peaks.Count);
        foreach (var (i, peak) in peaks.Index())
        {
            Assert.Equal((candidates[i, 0].item<double>(), candidates[i, 1].item<double>()), (peak.X, peak.Y));
            Assert.Equal(candidates[i, 2].item<double>(), peak.Score, 1e-3);
        }

        var groups = BodyGrouping.Group(peaks, Maps("paf"));
        var subset = golden[$"{name}/subset"];
        Assert.Equal(subset.shape[0], groups.Count);
        foreach (var (i, group) in groups.Index())
        {
            var row = subset[i].data<double>().ToArray();
            Assert.Equal(row[..PosePerson.BodyPoints].Select(value => (int)value), group.Peaks);
            Assert.Equal(row[18], group.Score, 1e-2);
            Assert.Equal(row[19], group.Count);
        }

        var people = groups.Select(group => OpenPoseAnnotator.ToPerson(group, peaks)).ToList();
        Assert.Equal(PoseDrawingTests.Boxes(settings), people.SelectMany(person => HandBox.Of(person, width, height)));
        HintAssert.MostPixelsWithin(PictureReader.Read(Goldens.Require($"annot/group_{name}.png")), PoseDrawing.Draw(new PoseKeypoints(width, height, people)), 2, 0.005, name);
    }

    [Fact]
    public void Map_AndSingleValues_AreTheSame()
    {
        using var scope = NewDisposeScope();
        var maps = new PoseMaps(rand([2, 6, 7]), 53, 44, 91, 70);
        var map = maps.Map(1);
        foreach (var (x, y) in new[] { (0, 0), (90, 69), (17, 33) })
        {
            Assert.Equal(map[y * 91 + x], maps.At(1, x, y), 1e-6);
        }
    }

    /// <summary>The part that the golden holds.</summary>
    private static Tensor Crop(Tensor map) => map.narrow(0, 40, 60).narrow(1, 20, 70);
}
