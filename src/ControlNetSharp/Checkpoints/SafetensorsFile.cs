using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A safetensors file, memory-mapped: tensors are read one at a time, straight to their final type. Source:
/// huggingface/safetensors, README, "Format".
/// </summary>
internal sealed class SafetensorsFile : ITensorFile
{
    private readonly MappedFile _file;
    private readonly StoredBytes _data;

    private SafetensorsFile(
        MappedFile file,
        Dictionary<string, SafetensorsEntry> entries,
        Dictionary<string, string> metadata,
        long dataOffset
    )
    {
        (_file, Entries, Metadata) = (file, entries, metadata);
        _data = new MappedBytes(file, dataOffset, file.Length - dataOffset);
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>The free-form texts of the header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    IEnumerable<StoredTensor> ITensorFile.Tensors => Entries.Select(entry => Stored(entry.Key, entry.Value));

    /// <summary>Opens a file and checks its whole header; no tensor is read yet.</summary>
    /// <exception cref="CheckpointException">
    /// The file cannot be opened, or its header is damaged, truncated, oversized or contradicts itself or the file.
    /// </exception>
    public static SafetensorsFile Open(string path) => Open(MappedFile.Open(path));

    /// <summary>The same for a file that is open; it belongs to the result, or is closed on failure.</summary>
    internal static SafetensorsFile Open(MappedFile file)
    {
        try
        {
            using var stream = file.Stream(0, file.Length);
            var (entries, metadata, dataOffset) = SafetensorsHeader.Read(stream, file.Path);
            return new SafetensorsFile(file, entries, metadata, dataOffset);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads one tensor on the CPU.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="dtype">
    /// The type to convert to; the file's own where null (8-bit floats become float32, integers without sign the next
    /// wider type).
    /// </param>
    /// <returns>A fresh tensor; the caller owns it.</returns>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public Tensor Read(string name, ScalarType? dtype = null) => Find(name).Read(dtype);

    /// <summary>
    /// Copies one tensor into <paramref name="target"/>, converting it to the target's type and device.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// There is no such tensor, or its shape differs from the target's.
    /// </exception>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Find(name).ReadInto(target);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private StoredTensor Find(string name) =>
        Entries.TryGetValue(name, out var entry)
            ? Stored(name, entry)
            : throw new CheckpointException(Path, $"there is no tensor '{name}'.", [name]);

    private StoredTensor Stored(string name, SafetensorsEntry entry) =>
        new(Path, name, entry.Dtype, entry.Shape, _data, entry.Begin);
}
