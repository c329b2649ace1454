using System.Text;
using System.Text.Json;

namespace ControlNetSharp.Training;

/// <summary>
/// The numbers of a training, step by step: <c>metrics.jsonl</c> in its folder, a JSON object a line, each with its
/// <c>step</c>.
/// </summary>
/// <param name="folder">The training's folder.</param>
internal sealed class TrainingMetrics(string folder)
{
    private const string Step = "step";
    private readonly string _file = Path.Combine(folder, "metrics.jsonl");

    /// <summary>Begins anew.</summary>
    public void Clear() => File.Delete(_file);

    /// <summary>Adds a line.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Add(long step, IReadOnlyDictionary<string, double> numbers)
    {
        // A number that is not finite has no form in JSON, and no place in a curve.
        var finite = numbers.Where(number => double.IsFinite(number.Value)).ToDictionary(StringComparer.Ordinal);
        var line = JsonSerializer.Serialize(new Dictionary<string, double>(finite) { [Step] = step }) + "\n";
        using var file = new FileStream(_file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        // A kill or a full disk has left the last line without its end: it must not spoil this one, too.
        file.Write(Encoding.UTF8.GetBytes(IsCut(file) ? "\n" + line : line));
    }

    /// <summary>
    /// The numbers of each key by step. A resumed run has written some steps twice; the later ones count. What is no
    /// line of metrics, as one that was cut, is passed over.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IReadOnlyDictionary<string, SortedDictionary<double, double>> Read()
    {
        var points = new Dictionary<string, SortedDictionary<double, double>>(StringComparer.Ordinal);
        foreach (var numbers in File.Exists(_file) ? File.ReadLines(_file).Select(NumbersOf) : [])
        {
            foreach (
                var (key, value) in numbers.Remove(Step, out var step)
                    ? numbers.Where(number => double.IsFinite(number.Value))
                    : []
            )
            {
                (points.TryGetValue(key, out var curve) ? curve : points[key] = [])[step] = value;
            }
        }

        return points;
    }

    /// <summary>Whether the last byte is no end of a line; leaves the position at the end.</summary>
    private static bool IsCut(FileStream file)
    {
        if (file.Length == 0)
        {
            return false;
        }

        file.Position = file.Length - 1;
        return file.ReadByte() != '\n';
    }

    private static Dictionary<string, double> NumbersOf(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, double>>(line) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
