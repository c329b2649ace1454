using System.Globalization;
using System.Text.Json;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Annotator networks in full size with the formula weights of annot_nets.json or of a file's own metadata, under the names of a key manifest.</summary>
internal static class FormulaNetworks
{
    private const string SettingsFile = "annot_nets.json";

    /// <summary>Shapes by name, as a manifest lists them, without entries that are not weights.</summary>
    public static Dictionary<string, IReadOnlyList<long>> Shapes(string manifestFile)
    {
        var manifest = Goldens.Manifest(manifestFile);
        var buffers = manifest.TryGetProperty("non_float", out var list) ? list.EnumerateObject().Select(p => p.Name).ToHashSet(StringComparer.Ordinal) : [];
        return manifest.GetProperty("keys").EnumerateObject().Where(p => !buffers.Contains(p.Name))
            .ToDictionary(p => p.Name, p => (IReadOnlyList<long>)[.. p.Value.EnumerateArray().Select(size => size.GetInt64())]);
    }

    /// <summary>Fails unless a network has exactly these names and shapes.</summary>
    public static void AssertNames(IReadOnlyDictionary<string, IReadOnlyList<long>> expected, nn.Module network)
    {
        var actual = network.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, shape) in actual)
        {
            Assert.True(shape.SequenceEqual(expected[name]), $"{name}: [{string.Join(", ", shape)}], expected [{string.Join(", ", expected[name])}]");
        }
    }

    /// <summary>Fills a network with the weights of one part of annot_nets.json, one tensor at a time; its names must be those of the manifest.</summary>
    public static T Fill<T>(T network, string manifestFile, string part)
        where T : nn.Module
    {
        var settings = Goldens.Part(SettingsFile, part);
        return Fill(network, manifestFile, settings.GetProperty("seed").GetUInt32(), settings.GetProperty("gain").ToString(), settings.GetProperty("overrides"));
    }

    /// <summary>Fills a network with the weights that the metadata of a tensor file states; its names must be those of the manifest.</summary>
    public static T Fill<T>(T network, string manifestFile, GoldenFile golden)
        where T : nn.Module =>
        Fill(network, manifestFile, golden.Seed, golden.Metadata["gain"], JsonDocument.Parse(golden.Metadata["overrides"]).RootElement);

    private static T Fill<T>(T network, string manifestFile, uint seed, string gainText, JsonElement overrideList)
        where T : nn.Module
    {
        AssertNames(Shapes(manifestFile), network);
        var gain = Gain(gainText);
        var overrides = overrideList.EnumerateArray().Select(o => (o[0].GetString()!, o[1].GetSingle())).ToArray();
        using var _ = no_grad();
        foreach (var (name, parameter) in network.named_parameters())
        {
            using var values = FormulaWeights.Make(name, parameter.shape, seed, gain, overrides);
            parameter.copy_(values);
        }

        return network;
    }

    /// <summary>A number, or "sqrt(2)".</summary>
    private static double Gain(string text)
    {
        return text.StartsWith("sqrt(", StringComparison.Ordinal)
            ? Math.Sqrt(double.Parse(text[5..^1], CultureInfo.InvariantCulture)) : double.Parse(text, CultureInfo.InvariantCulture);
    }
}
