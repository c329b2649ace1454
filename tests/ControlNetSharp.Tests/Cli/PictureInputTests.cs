using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>What <c>generate</c> makes of its pictures before they reach a network: masks, drawings, finished hints.</summary>
public sealed class PictureInputTests : IDisposable
{
    private const int Width = 96, Height = 64;
    private readonly TemporaryFolder _folder = new();

    public PictureInputTests()
    {
        PictureWriter.WritePng(_folder["init.png"], TestPictures.Noise(Width, Height));
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Of(Width, Height, (x, y) => IsPainted(x, y) ? (255, 255, 255) : (0, 0, 0)));
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public async Task Mask_PaintedOnTransparency_MeansWhatIsPainted_InEveryOption(byte paint)
    {
        byte[] rows = [.. Enumerable.Range(0, Height).SelectMany(y => new byte[] { 0 }.Concat(Enumerable.Range(0, Width).SelectMany(x => new byte[] { paint, 0, 0, IsPainted(x, y) ? (byte)255 : (byte)0 })))];
        File.WriteAllBytes(_folder["painted.png"], PngBytes.Of(Width, Height, 8, PngBytes.Rgba, rows));
        foreach (var options in new[]
        {
            "--init @init.png --denoise 1 --masked-content noise --mask-blur 0 --mask @MASK",
            "-c canny=@init.png,model=@control.safetensors,mask=@MASK",
            "-c hint=@init.png,model=@control.safetensors,inpaint=@MASK",
        })
        {
            var (opaque, _) = await Generate(options.Replace("MASK", "mask.png", StringComparison.Ordinal));
            var (painted, _) = await Generate(options.Replace("MASK", "painted.png", StringComparison.Ordinal));
            Assert.Equal(opaque.Bytes(), painted.Bytes());
        }

        await Generate("--manifest link --init @init.png --mask @painted.png");
        var again = await CommandRun.Of(["generate", "--replay", _folder["out.png"], "-o", _folder["again.png"], "--overwrite"]);
        Assert.True(again.ExitCode == 0, again.Message);
        Assert.Equal(PictureReader.Read(_folder["out.png"]).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
    }

    [Theory]
    [InlineData("mask=@square.png", "96x64", "mask=|64 x 64 pixels|the unit's picture (96 x 64)|the result (96 x 64)|resize=crop")]
    [InlineData("mask=@mask.png", "64x64", null)]
    [InlineData("mask=@square.png", "64x64", null)]
    [InlineData("resize=just,mask=@square.png", "96x64", null)]
    [InlineData("annotator=none,inpaint=@square.png", "96x64", "inpaint=|64 x 64 pixels")]
    public async Task Mask_OfNeitherThePicturesNorTheResultsShape_IsSaid(string mask, string size, string? expected)
    {
        PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(64, 64));
        var run = await Run($"-c canny=@init.png,model=@control.safetensors,{mask}", size);
        Assert.All((expected ?? "").Split('|'), part => Assert.Contains(part, run.Message, StringComparison.Ordinal));
        Assert.Equal(expected is not null, run.Message.Contains("another shape", StringComparison.Ordinal));
    }

    [Fact]
    public async Task InitialPicture_InFewColours_IsScaledByArea()
    {
        var soft = TestPictures.Of(4 * Width, 4 * Height, (x, y) => ((x + y) % 151, (x + y) % 151, (x + y) % 151));
        PictureWriter.WritePng(_folder["soft.png"], soft);
        var (_, texts) = await Generate("--init @soft.png");
        Assert.Equal(PictureResizing.Resize(soft, Width, Height, Interpolation.Area).Bytes(), Kept(texts, "init").Bytes());
    }

    [Fact]
    public async Task Drawing_InFewColours_IsScaledByAreaBeforeItsAnnotator()
    {
        var drawing = TestPictures.Of(4 * Width, 4 * Height, (x, y) => x + y is > 300 and < 304 ? (10, 10, 10) : x < 200 ? (240, 240, 240) : (200, 40, 40));
        PictureWriter.WritePng(_folder["drawing.png"], drawing);
        var (_, texts) = await Generate("-c canny=@drawing.png,model=@control.safetensors");
        Assert.Equal(Canny.Detect(PictureResizing.Resize(drawing, Width, Height, Interpolation.Area), 100, 200).Bytes(), Kept(texts, "hint0").Bytes());
    }

    [Fact]
    public async Task Hint_OfThinLines_StaysBlackAndWhite_InBothPassesAndUnderAMask()
    {
        var lines = TestPictures.Of(4 * Width, 4 * Height, (x, y) => x == 2 * y / 3 + 40 || y == 130 ? (255, 255, 255) : (0, 0, 0));
        PictureWriter.WritePng(_folder["lines.png"], lines);
        var unit = "-c canny=@lines.png,annotator=none,model=@control.safetensors";
        var (_, texts) = await Generate($"{unit} --hires 2,steps=1");
        Assert.Equal(PictureResizing.FitHint(lines, Width, Height, ResizeMode.Crop).Bytes(), Kept(texts, "hint0").Bytes());
        Assert.Equal(PictureResizing.FitHint(lines, 2 * Width, 2 * Height, ResizeMode.Crop).Bytes(), Kept(texts, "hint0.hires").Bytes());
        (_, texts) = await Generate($"{unit} --init @init.png --mask @mask.png --only-masked");
        var hint = Kept(texts, "hint0");
        Assert.All(hint.Bytes(), level => Assert.True(level is 0 or 255));
        Assert.Contains((byte)255, hint.Bytes());
    }

    private static bool IsPainted(int x, int y) => x is >= 20 and < 60 && y is >= 10 and < 40;

    private static Picture Kept(IReadOnlyDictionary<string, string> texts, string name) => PictureReader.Read(Convert.FromBase64String(texts[$"controlnetsharp.{name}"]));

    private async Task<(Picture Picture, IReadOnlyDictionary<string, string> Texts)> Generate(string options)
    {
        await Run(options, $"{Width}x{Height}");
        return (PictureReader.Read(_folder["out.png"]), PngTexts.Read(_folder["out.png"]));
    }

    private async Task<CommandRun> Run(string options, string size)
    {
        string[] arguments = ["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["out.png"], "--overwrite", "--steps", "1", "--seed", "5", "--dtype", "fp32", "--size", size];
        var run = await CommandRun.Of([.. arguments, .. options.Replace("@", _folder.Path + "/", StringComparison.Ordinal).Split(' ')]);
        Assert.True(run.ExitCode == 0, run.Message);
        return run;
    }
}
