using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>A safetensors file, memory-mapped: tensors are read one at a time, straight to their final type. Source: huggingface/safetensors, README, "Format".</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _dataOffset;

    private SafetensorsFile(string path, MemoryMappedFile map, Dictionary<string, SafetensorsEntry> entries, Dictionary<string, string> metadata, long dataOffset)
    {
        (Path, Entries, Metadata, _map, _dataOffset) = (path, entries, metadata, map, dataOffset);
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>The free-form texts of the header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its whole header; no tensor is read yet.</summary>
    /// <exception cref="CheckpointException">The file cannot be opened, or its header is damaged, truncated, oversized or contradicts itself or the file.</exception>
    public static SafetensorsFile Open(string path)
    {
        using var stream = OpenStream(path);
        var (entries, metadata, dataOffset) = SafetensorsHeader.Read(stream, path);
        var map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        return new SafetensorsFile(path, map, entries, metadata, dataOffset);
    }

    /// <summary>Reads one tensor on the CPU.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="dtype">The type to convert to; the file's own where null.</param>
    /// <returns>A fresh tensor; the caller owns it.</returns>
    /// <exception cref="CheckpointException">There is no such tensor, or its element type has no counterpart here.</exception>
    public Tensor Read(string name, ScalarType? dtype = null)
    {
        var entry = Find(name);
        var stored = SafetensorsFormat.TypeOf(entry.Dtype)
            ?? throw new CheckpointException(Path, $"the tensor '{name}' has dtype {entry.Dtype}, which cannot be read yet.", [name]);
        var result = torch.empty([.. entry.Shape], dtype: dtype ?? stored, device: CPU);
        CopyTo(entry, stored, result);
        return result;
    }

    /// <summary>Copies one tensor into <paramref name="target"/>, converting it to the target's type and device.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, its shape differs from the target's, or its type has no counterpart here.</exception>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var entry = Find(name);
        var stored = SafetensorsFormat.TypeOf(entry.Dtype)
            ?? throw new CheckpointException(Path, $"the tensor '{name}' has dtype {entry.Dtype}, which cannot be read yet.", [name]);
        if (!entry.Shape.SequenceEqual(target.shape))
        {
            throw new CheckpointException(Path, $"the tensor '{name}' has shape [{string.Join(", ", entry.Shape)}]; [{string.Join(", ", target.shape)}] was expected.", [name]);
        }

        CopyTo(entry, stored, target);
    }

    private static FileStream OpenStream(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be opened: {e.Message}", innerException: e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private SafetensorsEntry Find(string name) => Entries.TryGetValue(name, out var entry) ? entry
        : throw new CheckpointException(Path, $"there is no tensor '{name}'.", [name]);

    private unsafe void CopyTo(SafetensorsEntry entry, ScalarType stored, Tensor target)
    {
        if (entry.End == entry.Begin)
        {
            return;
        }

        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            var source = new ReadOnlySpan<byte>(start + _view.PointerOffset + _dataOffset + entry.Begin, checked((int)(entry.End - entry.Begin)));
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            if (target.dtype == stored && target.device_type == DeviceType.CPU && target.is_contiguous())
            {
                source.CopyTo(target.bytes);
                return;
            }

            var staging = torch.empty([.. entry.Shape], dtype: stored, device: CPU);
            source.CopyTo(staging.bytes);
            target.copy_(staging);
        }
        finally
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }
}
