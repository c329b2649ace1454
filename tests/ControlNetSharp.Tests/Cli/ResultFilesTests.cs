using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>What is there is never replaced unasked.</summary>
public sealed class ResultFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ResultFilesTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        PictureWriter.WritePng(_folder["hint.png"], TestPictures.Square(96, 64));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_IntoAFolderSeveralTimesWithOneSeed_KeepsEveryPictureAndMap()
    {
        Directory.CreateDirectory(_folder["pictures"]);
        var files = new HashSet<string>();
        // Most of these are of the same second, so their names would be the same.
        for (var run = 0; run < 4; run++)
        {
            var json = await CommandRun.JsonOf(Arguments("pictures", "--save-maps", "-c", $"canny={_folder["hint.png"]},model={_folder["control.safetensors"]}"));
            files.UnionWith(new[] { "files", "maps" }.SelectMany(key => json.GetProperty(key).EnumerateArray()).Select(file => file.GetString()!));
        }

        Assert.Equal(8, files.Count);
        Assert.Equal(files.Order(StringComparer.Ordinal), Directory.GetFiles(_folder["pictures"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WritePng_ByManyAtOnceUnderOneName_GivesItToOne_AndTheOthersAreTold()
    {
        var pictures = Enumerable.Range(0, 16).Select(seed => TestPictures.Noise(32, 32, seed)).ToList();
        var written = new int[pictures.Count];
        Parallel.For(0, pictures.Count, i =>
        {
            try
            {
                PictureWriter.WritePng(_folder["one.png"], pictures[i], replaces: false);
                written[i] = 1;
            }
            catch (FileTakenException e)
            {
                Assert.Equal(_folder["one.png"], e.File);
            }
        });
        Assert.Equal(1, written.Sum());
        Assert.Equal(pictures[Array.IndexOf(written, 1)].Bytes(), PictureReader.Read(_folder["one.png"]).Bytes());
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
    }

    [Theory]
    [InlineData("many-0001.png", "--count 2", "many-0001.png is there already; --overwrite replaces it")]
    [InlineData("many-0000.png many-0001.png", "--batch 2", "many-0000.png and 1 more file are there already; --overwrite replaces them")]
    [InlineData("many-map0-canny.png", "--save-maps -c canny=@hint.png,model=@control.safetensors", "many-map0-canny.png is there already; --overwrite replaces it")]
    public async Task Generate_WhereAFileIsThere_IsRefusedBeforeTheWork_AndReplacesItWithOverwrite(string there, string options, string expected)
    {
        foreach (var file in there.Split(' '))
        {
            File.WriteAllText(_folder[file], "something dear");
        }

        string[] arguments = Arguments("many.png", options.Replace("@", _folder.Path + "/", StringComparison.Ordinal).Split(' '));
        var before = _folder.Listing();
        var run = await CommandRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Message, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Listing());

        await CommandRun.JsonOf([.. arguments, "--overwrite"]);
        Assert.All(there.Split(' '), file => PictureReader.Read(_folder[file]));
    }

    [Fact]
    public async Task Convert_WhereAFileIsThere_ReplacesItWithOverwriteAlone()
    {
        File.WriteAllText(_folder["there.safetensors"], "something dear");
        string[] arguments = ["models", "convert", _folder["control.safetensors"], _folder["there.safetensors"]];
        var run = await CommandRun.Of(arguments);
        Assert.Equal((2, "something dear"), (run.ExitCode, File.ReadAllText(_folder["there.safetensors"])));
        await CommandRun.JsonOf([.. arguments, "--overwrite"]);
        Assert.Equal("controlnet", (await CommandRun.JsonOf("models", "inspect", _folder["there.safetensors"])).GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Picture_ThatCannotBeWritten_IsNoWrongPicture()
    {
        // A folder in the place of the file: the move to its name fails, as a write does on a full disk.
        Directory.CreateDirectory(_folder["many-0000.png"]);
        var run = await CommandRun.Of(Arguments("many.png", "--count", "2", "--overwrite", "--json"));
        Assert.Equal((1, "io_failed"), (run.ExitCode, run.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("many-0000.png cannot be written", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithSeedMinusOne_DrawsAnotherOneEachTime_AndPrintsIt()
    {
        var first = await CommandRun.JsonOf(Arguments("first.png", "--seed", "-1"));
        var second = await CommandRun.JsonOf(Arguments("second.png", "--seed", "-1"));
        var seeds = new[] { first, second }.Select(json => json.GetProperty("seed").GetInt64()).ToList();
        Assert.All(seeds, seed => Assert.InRange(seed, 0, Seeds.Largest));
        Assert.NotEqual(seeds[0], seeds[1]);
        Assert.Contains($"Seed: {seeds[0]},", PngTexts.Read(_folder["first.png"])["parameters"], StringComparison.Ordinal);
        Assert.NotEqual(PictureReader.Read(_folder["first.png"]).Bytes(), PictureReader.Read(_folder["second.png"]).Bytes());
    }

    private string[] Arguments(string place, params string[] more) =>
        ["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder[place], "--steps", "1", "--size", "64x64", .. more.Contains("--seed") ? [] : new[] { "--seed", "1" }, .. more];
}
