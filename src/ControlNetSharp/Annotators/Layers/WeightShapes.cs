namespace ControlNetSharp.Annotators.Layers;

/// <summary>Sizes read off the shapes of a file that may be anything.</summary>
internal static class WeightShapes
{
    /// <summary>One dimension of a tensor.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor, or it has fewer dimensions.</exception>
    public static int SizeOf(
        this IReadOnlyDictionary<string, IReadOnlyList<long>> shapes,
        string name,
        int dimension
    ) =>
        shapes.TryGetValue(name, out var shape)
        && shape.Count > dimension
        && shape[dimension] is > 0 and <= int.MaxValue
            ? (int)shape[dimension]
            : throw new KeyNotFoundException($"'{name}' is missing or has too few dimensions.");

    /// <summary>How many of the names of a row, from number 0 on, there are.</summary>
    public static int CountOf(this IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, Func<int, string> name) =>
        Enumerable.Range(0, int.MaxValue).TakeWhile(i => shapes.ContainsKey(name(i))).Count();
}
