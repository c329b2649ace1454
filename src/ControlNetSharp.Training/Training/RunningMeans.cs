using System.Globalization;

namespace ControlNetSharp.Training;

/// <summary>
/// Running means of what the steps of a training tell, by name; kept in checkpoints, so that a resumed run goes on with
/// the same.
/// </summary>
internal sealed class RunningMeans
{
    private const string Prefix = "running ";
    private readonly SortedDictionary<string, double> _means = new(StringComparer.Ordinal);

    /// <summary>All of them; what was never told is not there.</summary>
    public IReadOnlyDictionary<string, double> All => _means;

    /// <summary>The mean of a name; null where it was never told.</summary>
    public double? Of(string name) => _means.TryGetValue(name, out var mean) ? mean : null;

    /// <summary>Adds the number of a step.</summary>
    public void Add(string name, double value) =>
        _means[name] = Of(name) is { } mean ? mean * 0.99 + value * 0.01 : value;

    /// <summary>Adds what the parts of a step have told: of each name the mean of those that told it.</summary>
    public void Add(IEnumerable<IDictionary<string, double>> parts)
    {
        foreach (var told in parts.SelectMany(part => part).GroupBy(number => number.Key, number => number.Value))
        {
            Add(told.Key, told.Average());
        }
    }

    /// <summary>Adds them to the metadata of a checkpoint.</summary>
    public void WriteTo(IDictionary<string, string> metadata)
    {
        foreach (var (name, mean) in _means)
        {
            metadata.Add(Prefix + name, mean.ToString("r", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Takes them from the metadata of a checkpoint.</summary>
    public void ReadFrom(IReadOnlyDictionary<string, string> metadata)
    {
        _means.Clear();
        foreach (var (key, text) in metadata.Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (double.TryParse(text, CultureInfo.InvariantCulture, out var mean) && double.IsFinite(mean))
            {
                _means[key[Prefix.Length..]] = mean;
            }
        }
    }
}
