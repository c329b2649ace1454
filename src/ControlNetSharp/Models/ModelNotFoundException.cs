namespace ControlNetSharp.Models;

/// <summary>A name means no file, or more than one.</summary>
public sealed class ModelNotFoundException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="name">The name as the user gave it, or the condition kind.</param>
    /// <param name="reason">A sentence that says what is wrong.</param>
    public ModelNotFoundException(string name, string reason)
        : base(reason) => Name = name;

    /// <summary>The name as the user gave it, or the condition kind.</summary>
    public string Name { get; }

    /// <summary>The names that were looked for.</summary>
    public IReadOnlyList<string> Searched { get; init; } = [];

    /// <summary>The folders that were searched.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Names there are that look much like the one that was asked for.</summary>
    public IReadOnlyList<string> Nearest { get; init; } = [];

    /// <summary>The files among which the name does not decide; empty where there is none at all.</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];
}
