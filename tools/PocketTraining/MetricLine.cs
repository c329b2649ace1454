namespace ControlNetSharp.PocketTraining;

/// <summary>The numbers of a validation as a line on standard error.</summary>
internal static class MetricLine
{
    public static IReadOnlyDictionary<string, double> Shown(IReadOnlyDictionary<string, double> numbers)
    {
        Console.Error.WriteLine("validation  " + string.Join("  ", numbers.Select(n => $"{n.Key} {n.Value:f4}")));
        return numbers;
    }
}
