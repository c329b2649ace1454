namespace ControlNetSharp.Checkpoints;

/// <summary>An open file with tensors in it, of whatever container.</summary>
internal interface ITensorFile : IDisposable
{
    /// <summary>The file's path, as it was given.</summary>
    string Path { get; }

    /// <summary>Its tensors; each name occurs once.</summary>
    IEnumerable<StoredTensor> Tensors { get; }

    /// <summary>What the file says of itself; empty where the container has no place for it.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }
}
