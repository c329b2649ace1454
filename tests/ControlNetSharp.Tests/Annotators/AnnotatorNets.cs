using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Names, shapes and formula weights of the annotators' networks.</summary>
internal static class AnnotatorNets
{
    public const string ArraysName = "annot_nets.safetensors";

    private const string Counter = "num_batches_tracked";

    /// <summary>Shapes by name, as a manifest lists them; without the counters of batch norms, which nothing reads.</summary>
    public static Dictionary<string, IReadOnlyList<long>> Shapes(string manifest) =>
        Goldens.Manifest(manifest).GetProperty("keys").EnumerateObject().Where(key => !key.Name.EndsWith(Counter, StringComparison.Ordinal))
            .ToDictionary(key => key.Name, key => (IReadOnlyList<long>)[.. key.Value.EnumerateArray().Select(size => size.GetInt64())]);

    /// <summary>Weights by the formula, with the seed, gain and overrides that the goldens state for one network; skips the test in an override folder without them.</summary>
    public static Dictionary<string, Tensor> Weights(string network, string manifest)
    {
        var settings = Goldens.Part("annot_nets.json", network);
        var overrides = settings.GetProperty("overrides").EnumerateArray().Select(o => (o[0].GetString()!, o[1].GetSingle())).ToArray();
        return Shapes(manifest).ToDictionary(key => key.Key, key => FormulaWeights.Make(key.Key, [.. key.Value], settings.GetProperty("seed").GetUInt32(), Gain(settings), overrides));
    }

    /// <summary>Fails where a network on the meta device has other names or shapes than the manifest.</summary>
    public static void AssertHasKeysOf(string manifest, Func<LayerShapes, nn.Module> create)
    {
        var shapes = Shapes(manifest);
        using var network = create(new LayerShapes(shapes));
        var actual = network.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        Assert.Equal(shapes.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(actual, key => Assert.Equal(shapes[key.Key], key.Value));
        // The statistics of batch norms are not counted.
        var counted = actual.Where(key => !key.Key.Contains(".running_", StringComparison.Ordinal)).Select(key => key.Value);
        Assert.Equal(Goldens.Manifest(manifest).GetProperty("parameters").GetInt64(), counted.Sum(shape => shape.Aggregate(1L, (a, b) => a * b)));
    }

    /// <summary>Writes a file of weights for a network whose widths are a sixteenth of the manifest's (or the manifest's own), under the names that it has plus a prefix.</summary>
    public static void WriteFile(string path, string manifest, bool isSmall = true, string prefix = "", Action<Dictionary<string, Tensor>>? change = null)
    {
        // Another folder's manifests may have widths that cannot be divided.
        Goldens.RequireDefaultFolder();
        using var scope = NewDisposeScope();
        var tensors = Shapes(manifest).ToDictionary(
            key => prefix + key.Key,
            key => FormulaWeights.Make(key.Key, [.. key.Value.Select(size => isSmall && size >= 16 ? size / 16 : size)], 7, Math.Sqrt(2)));
        change?.Invoke(tensors);
        SafetensorsWriter.Write(path, tensors);
    }

    private static double Gain(JsonElement settings)
    {
        var text = settings.GetProperty("gain").GetString()!;
        return text.StartsWith("sqrt(", StringComparison.Ordinal) ? Math.Sqrt(Number(text[5..^1])) : Number(text);

        static double Number(string digits) => double.Parse(digits, CultureInfo.InvariantCulture);
    }
}
