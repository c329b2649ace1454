using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>One golden tensor file: its tensors, its configuration, and the weights, stored or rebuilt by the formula.</summary>
internal sealed class GoldenFile(SafetensorsFile file, string name) : IDisposable
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string Name => name;

    public IReadOnlyDictionary<string, string> Metadata => file.Metadata;

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => file.Entries;

    public JsonElement Config => JsonDocument.Parse(file.Metadata["config"]).RootElement;

    public uint Seed => uint.Parse(file.Metadata["seed"], CultureInfo.InvariantCulture);

    public Tensor this[string tensor]
    {
        get
        {
            _read.Add(tensor);
            return file.Read(tensor);
        }
    }

    /// <summary>A tensor that a test is about; skips the test in an override folder whose file lacks it.</summary>
    public Tensor Required(string tensor)
    {
        Assert.SkipWhen(!Has(tensor) && Goldens.IsOverride, $"The golden file {name} has no '{tensor}'.");
        return this[tensor];
    }

    /// <summary>A tensor, read as another type.</summary>
    public Tensor Read(string tensor, ScalarType type) => file.Read(tensor, type);

    public bool Has(string tensor) => file.Entries.ContainsKey(tensor);

    /// <summary>Whether there is something to compare: always in the default folder, where a missing tensor is an error.</summary>
    public bool Expects(string tensor) => Has(tensor) || !Goldens.IsOverride;

    /// <summary>Weights by name, for every weight whose name starts with the prefix; the prefix is kept.</summary>
    public Dictionary<string, Tensor> Weights(string prefix = "")
    {
        if (file.Metadata.TryGetValue("weights", out var kind) && kind == "stored")
        {
            return file.Entries.Keys
                .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !key.StartsWith("in.", StringComparison.Ordinal) && !key.StartsWith("inter.", StringComparison.Ordinal))
                .ToDictionary(key => key, key => this[key]);
        }

        var gain = file.Metadata.TryGetValue("gain", out var g) ? double.Parse(g, CultureInfo.InvariantCulture) : 1;
        var overrides = file.Metadata.TryGetValue("overrides", out var list)
            ? JsonDocument.Parse(list).RootElement.EnumerateArray().Select(o => (o[0].GetString()!, o[1].GetSingle())).ToArray()
            : [];
        var keys = Goldens.Json(System.IO.Path.ChangeExtension(name, ".keys.json"));
        return keys.EnumerateObject()
            .Where(key => key.Name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(key => key.Name, key => FormulaWeights.Make(key.Name, [.. key.Value.EnumerateArray().Select(size => size.GetInt64())], Seed, gain, overrides));
    }

    /// <summary>Asserts a value against the tensor of this name within factor · max(1, A). The file of an override folder need not have it; the others of the test are compared all the same.</summary>
    public void AssertClose(string tensor, Tensor actual, double factor)
    {
        if (!Expects(tensor))
        {
            return;
        }

        using var expected = this[tensor];
        Goldens.AssertClose(expected, actual, factor * Math.Max(1, Goldens.Amplitude(expected)), $"{name}: {tensor}");
    }

    /// <summary>Fails where the file holds a tensor that nobody looked at, whose numbers could be changed unseen.</summary>
    public void AssertAllRead()
    {
        var unread = file.Entries.Keys.Except(_read).Order(StringComparer.Ordinal).ToList();
        Assert.True(unread.Count == 0, $"{name}: these tensors were not compared: {string.Join(", ", unread)}");
    }

    public void Dispose() => file.Dispose();
}
