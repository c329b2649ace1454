using System.Text.Json;
using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>The folder of reference data. CONTROLNETSHARP_GOLDENS points at another one with files of the same kinds.</summary>
internal static class Goldens
{
    private static readonly string? Override = Environment.GetEnvironmentVariable("CONTROLNETSHARP_GOLDENS");

    /// <summary>Whether another folder stands in for the default one.</summary>
    public static bool IsOverride => Override is { Length: > 0 };

    public static string Folder { get; } = Override is { Length: > 0 } ? Override : DefaultFolder;

    private static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "Goldens");

    public static string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>
    /// The names of all golden files that match a pattern (such as "unet_*.safetensors" or "annot/gray_*.png"): rows for a theory. A missing kind is an error in the default
    /// folder; in an override it gives one empty name, for which <see cref="Require"/> skips the test.
    /// </summary>
    public static TheoryData<string> Files(params string[] patterns)
    {
        var names = patterns.Where(pattern => Directory.Exists(Path.GetDirectoryName(PathOf(pattern))))
            .SelectMany(pattern => Directory.GetFiles(Folder, pattern)).Select(path => Path.GetRelativePath(Folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal).ToArray();
        return names.Length > 0 ? [.. names] : [""];
    }

    /// <summary>Skips the test in an override folder that lacks this file; fails in the default one.</summary>
    public static string Require(string file)
    {
        var found = file.Length > 0 && File.Exists(PathOf(file));
        Assert.SkipWhen(!found && Override is { Length: > 0 }, $"The golden folder {Folder} has no such file: {file}");
        Assert.True(found, $"The golden file '{file}' is missing in {Folder}.");
        return PathOf(file);
    }

    /// <summary>
    /// Rows of file and case for a theory: those of each tensor file that matches a pattern. Without any it is one row of empty names, which <see cref="Open"/> skips in an override folder.
    /// </summary>
    public static TheoryData<string, string> Cases(string pattern, Func<GoldenFile, IEnumerable<string>> casesOf)
    {
        var data = new TheoryData<string, string>();
        foreach (var file in Files(pattern).Select(row => row.Data).Where(file => file.Length > 0))
        {
            using var golden = Open(file);
            foreach (var name in casesOf(golden).Order(StringComparer.Ordinal))
            {
                data.Add(file, name);
            }
        }

        if (data.Count == 0)
        {
            data.Add("", "");
        }

        return data;
    }

    /// <summary>The names in an object of a JSON file; none where the file or the object is missing.</summary>
    public static IEnumerable<string> Names(string file, string part) =>
        File.Exists(PathOf(file)) && Json(file).TryGetProperty(part, out var found) ? found.EnumerateObject().Select(entry => entry.Name).ToArray() : [];

    public static JsonElement Json(string file) => Parsed(Require(file));

    /// <summary>The names and shapes of a network: they are the same whatever numbers an override folder has, so it need not repeat them.</summary>
    public static JsonElement Manifest(string file) => File.Exists(PathOf(file)) ? Json(file) : Parsed(Path.Combine(DefaultFolder, file));

    private static JsonElement Parsed(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    /// <summary>Skips the test in an override folder, for statements that hold for the default files alone.</summary>
    public static void RequireDefaultFolder() => Assert.SkipWhen(IsOverride, "This holds for the default golden files only.");

    /// <summary>A part of a JSON file; skips the test in an override folder whose file lacks it.</summary>
    public static JsonElement Part(string file, string name)
    {
        var found = Json(file).TryGetProperty(name, out var part);
        Assert.SkipWhen(!found && IsOverride, $"The golden file {file} has no '{name}'.");
        Assert.True(found, $"The golden file {file} has no '{name}'.");
        return part;
    }

    /// <summary>The largest absolute value: the A of the tolerances.</summary>
    public static double Amplitude(Tensor expected) => expected.numel() == 0 ? 0 : expected.to(ScalarType.Float64).abs().max().item<double>();

    /// <summary>Fails with the largest difference, its index and both values where the tensors differ by more than the tolerance or in shape.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.True(expected.shape.SequenceEqual(actual.shape), $"{what}: shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        if (expected.numel() == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var (e, a) = (expected.to(ScalarType.Float64).flatten(), actual.detach().to(ScalarType.Float64).flatten());
        var difference = (e - a).abs();
        var index = difference.argmax().item<long>();
        var worst = difference[index].item<double>();
        Assert.True(worst <= tolerance, $"{what}: largest difference {worst:g4} > {tolerance:g4} at flat index {index}: expected {e[index].item<double>():g8}, got {a[index].item<double>():g8}");
    }

    /// <summary>A tensor file with its tolerance helper, weights rebuilt where the file leaves them to the formula.</summary>
    public static GoldenFile Open(string file) => new(SafetensorsFile.Open(Require(file)), file);
}
