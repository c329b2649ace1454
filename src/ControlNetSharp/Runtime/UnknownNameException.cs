namespace ControlNetSharp.Runtime;

/// <summary>A name stands in none of the rows of a table, such as that of the samplers.</summary>
/// <param name="name">The unknown name.</param>
/// <param name="problem">What is allowed: a sentence that goes on after the name.</param>
public sealed class UnknownNameException(string name, string problem) : ArgumentException($"'{name}': {problem}")
{
    /// <summary>The unknown name.</summary>
    public string Name { get; } = name;

    /// <summary>What is allowed, without the name.</summary>
    public string Problem { get; } = problem;

    /// <summary>For a table whose names fit into one sentence.</summary>
    /// <param name="what">What the table holds, in the plural: <c>samplers</c>.</param>
    /// <param name="name">The unknown name.</param>
    /// <param name="known">What is known.</param>
    internal static UnknownNameException Of(string what, string name, IEnumerable<string> known) =>
        new(name, $"there is no such {what}; must be one of {string.Join(", ", known)}.");
}
