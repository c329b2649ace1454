using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Training.Datasets;

/// <summary>A small dataset of one test's own.</summary>
internal sealed class DatasetFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string this[string file] => _folder[file];

    public void Dispose() => _folder.Dispose();

    public DatasetFolder Text(string file, params string[] lines)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[file])!);
        File.WriteAllText(this[file], string.Join('\n', lines));
        return this;
    }

    public DatasetFolder Picture(string file, Picture? picture = null)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[file])!);
        PictureWriter.WritePng(this[file], picture ?? TestPictures.Noise(8, 8));
        return this;
    }

    /// <summary>Adds an example in the layout of the original's tutorial.</summary>
    public DatasetFolder Example(Picture hint, Picture picture, string caption = "a thing")
    {
        var number = File.Exists(this["prompt.json"]) ? File.ReadAllLines(this["prompt.json"]).Length : 0;
        Picture($"source/{number}.png", hint).Picture($"target/{number}.png", picture);
        File.AppendAllText(this["prompt.json"], Line($"source/{number}.png", $"target/{number}.png", caption) + "\n");
        return this;
    }

    public DatasetReport Check(int resolution = 64) => DatasetCheck.Run(Path, resolution, cancellationToken: TestContext.Current.CancellationToken);

    public static string Line(string source, string target, string prompt) => System.Text.Json.JsonSerializer.Serialize(new { source, target, prompt });
}
