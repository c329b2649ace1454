using ControlNetSharp.Cli;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

public sealed class FieldsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("canny=a.png", "canny=a.png")]
    [InlineData("canny=a.png, weight = 0.5 ,end=1", "canny=a.png|weight=0.5|end=1")]
    [InlineData("canny=\"a, b=c.png\",weight=0.5", "canny=a, b=c.png|weight=0.5")]
    [InlineData("canny= \"a \"\"b\"\".png\" ,weight=1", "canny=a \"b\".png|weight=1")]
    [InlineData("canny=a=b.png,weight=1", "canny=a=b.png|weight=1")]
    [InlineData("canny=5\" disc.png,weight=1", "canny=5\" disc.png|weight=1")]
    [InlineData("canny=\"a.png,weight=1", "canny=\"a.png|weight=1")]
    [InlineData("2, denoise=0.5", "2|denoise=0.5")]
    [InlineData("2,", "2|")]
    [InlineData("a cat", "a cat")]
    [InlineData("\"a cat, red=1\" ,mask=m.png", "a cat, red=1|mask=m.png")]
    [InlineData("\"a \"\"big\"\" cat\",mask=\"a, b\"", "a \"big\" cat|mask=a, b")]
    [InlineData("\"a cat\" b,mask=m", "\"a cat\" b|mask=m")]
    [InlineData("canny=", "canny=")]
    [InlineData("", "")]
    public void Read_TakesCommasApart_ButNotThoseInQuotes(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Fields.Read(text).Select(field => field.Value is null ? field.Name : $"{field.Name}={field.Value}")));

    [Fact]
    public void Unit_WithQuotes_HasThePicturesNameAsItIs()
    {
        var unit = UnitText.Parse("canny=\"my, room=1.png\", weight=0.5", "units[0]");
        Assert.Equal(("my, room=1.png", 0.5), (unit.Picture.Path, unit.Weight));
    }

    [Fact]
    public void Unit_FromAFile_CountsItsPathsFromThatFile_AndPassesOverWhatIsNull()
    {
        Directory.CreateDirectory(_folder["units"]);
        var absolute = _folder["elsewhere.png"];
        Directory.CreateDirectory(_folder["units/models"]);
        File.WriteAllText(_folder["units/models/a.safetensors"], "");
        File.WriteAllText(
            _folder["units/unit.json"],
            $$"""{"kind": "hint", "picture": "my, room.png", "mask": "../mask.png", "inpaint": "{{absolute}}", "model": "models/a.safetensors", "resize": null}""");
        var unit = UnitText.Parse("@" + _folder["units/unit.json"], "units[0]");
        Assert.Equal(
            [_folder["units/my, room.png"], _folder["mask.png"], absolute, _folder["units/models/a.safetensors"]],
            new[] { unit.Picture.Path, unit.Mask!.Path, unit.Holes!.Path, unit.Model }.Select(path => Path.GetFullPath(path!)));
        Assert.Equal(ResizeMode.Crop, unit.Resize);
    }

    [Fact]
    public void Counts_OfOne_HaveNoPlural() => Assert.Equal(("1 warning", "2 warnings", "0 warnings"), (Counts.Of(1, "warning"), Counts.Of(2, "warning"), Counts.Of(0, "warning")));
}
