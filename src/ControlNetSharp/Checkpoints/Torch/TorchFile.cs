using System.Buffers.Binary;

namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// A file that <c>torch.save</c> wrote: a zip archive (PyTorch 1.6 and later) or the older row of pickles. The tensors
/// are those of its state dict; nothing else is kept, and nothing in it is run.
/// Source: torch/serialization.py of PyTorch 1.13 and 2.5.
/// </summary>
internal sealed class TorchFile : ITensorFile
{
    private const string PickleName = "data.pkl";

    private const byte Protocol = 0x80;
    private const byte Frame = 0x95;

    /// <summary>
    /// The number with which an older file begins, as a pickle of its own, behind two bytes of protocol.
    /// </summary>
    private static readonly byte[] LegacyMagic =
    [
        0x8a,
        0x0a,
        0x6c,
        0xfc,
        0x9c,
        0x46,
        0xf9,
        0x20,
        0x6a,
        0xa8,
        0x50,
        0x19,
        (byte)'.',
    ];

    private readonly MappedFile _file;

    private TorchFile(MappedFile file, IReadOnlyDictionary<string, TorchTensor> tensors)
    {
        _file = file;
        Tensors = [.. tensors.Select(tensor => Stored(tensor.Key, tensor.Value))];
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IEnumerable<StoredTensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Whether the bytes are the beginning of a zip archive.</summary>
    public static bool IsZip(ReadOnlySpan<byte> start) =>
        start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8);

    /// <summary>Whether the bytes are the beginning of a PyTorch file from before 1.6.</summary>
    public static bool IsLegacy(ReadOnlySpan<byte> start)
    {
        if (start.Length <= 2 || start[0] != Protocol)
        {
            return false;
        }

        // From protocol 4 on a frame's length stands in between.
        const int FrameLength = 9;
        var pickle = start[2..];
        var isFramed = pickle.Length > FrameLength && pickle[0] == Frame;
        return (isFramed ? pickle[FrameLength..] : pickle).StartsWith(LegacyMagic);
    }

    /// <summary>Reads the pickle of a zip archive. The file belongs to the result, or is closed on failure.</summary>
    /// <exception cref="CheckpointException">
    /// The archive or the pickle is damaged, has no tensors, wants something run, or is a bomb.
    /// </exception>
    public static TorchFile OpenZip(MappedFile file) =>
        Open(
            file,
            () =>
            {
                var entries = ZipDirectory.Read(file);
                var pickles = entries
                    .Keys.Where(name =>
                        name == PickleName
                        || (
                            name.EndsWith("/" + PickleName, StringComparison.Ordinal)
                            && name.IndexOf('/') == name.LastIndexOf('/')
                        )
                    )
                    .ToList();
                if (pickles is not [var pickle])
                {
                    throw new CheckpointException(
                        file.Path,
                        $"the zip archive has {pickles.Count} entries '{PickleName}'; a PyTorch file has one. The "
                            + $"first of its {entries.Count} entries is '{entries.Keys.FirstOrDefault()}'."
                    );
                }

                var folder = pickle[..^PickleName.Length];
                if (entries.TryGetValue(folder + "byteorder", out var order) && order.Length == 3)
                {
                    throw new CheckpointException(
                        file.Path,
                        "its numbers are stored with the most significant byte first; only files of little-endian "
                            + "machines can be read."
                    );
                }

                var bytes = entries[pickle];
                if (bytes.Length > PickleReader.Longest)
                {
                    throw new CheckpointException(
                        file.Path,
                        $"its pickle has {bytes.Length} bytes; at most {PickleReader.Longest} are read."
                    );
                }

                var data = new byte[bytes.Length];
                bytes.CopyTo(0, data);
                return PickleReader.Read(
                    data,
                    id => ZipStorage(id, key => entries.GetValueOrDefault($"{folder}data/{key}")),
                    out _
                );
            }
        );

    /// <summary>Reads the pickles of an older file. The file belongs to the result, or is closed on failure.</summary>
    /// <exception cref="CheckpointException">
    /// A pickle is damaged, has no tensors, wants something run, or is a bomb, or the data behind the pickles is cut
    /// off.
    /// </exception>
    public static TorchFile OpenLegacy(MappedFile file) =>
        Open(
            file,
            () =>
            {
                var position = 0L;
                var storages = new Dictionary<string, TorchStorage>(StringComparer.Ordinal);
                object? Next(Func<PickleSequence, object?> persistent)
                {
                    var value = PickleReader.Read(
                        file.Bytes(position, (int)Math.Min(file.Length - position, PickleReader.Longest)),
                        persistent,
                        out var length
                    );
                    position += length;
                    return value;
                }

                static object NoStorage(PickleSequence id) =>
                    throw new FormatException("a storage is named before the tensors");
                Next(NoStorage);
                Next(NoStorage);
                if (
                    Next(NoStorage) is not PickleDictionary system
                    || (system.Entries.TryGetValue("little_endian", out var little) && little is false)
                )
                {
                    throw new CheckpointException(
                        file.Path,
                        "its numbers are not stored with the least significant byte first; only files of "
                            + "little-endian machines can be read."
                    );
                }

                var root = Next(id => LegacyStorage(id, storages));
                if (Next(NoStorage) is not PickleSequence keys || keys.Items.Count != storages.Count)
                {
                    throw new CheckpointException(
                        file.Path,
                        $"its list of storages does not name the {storages.Count} that its tensors need."
                    );
                }

                foreach (var key in keys.Items)
                {
                    if (
                        key is not string name
                        || !storages.TryGetValue(name, out var storage)
                        || storage.Bytes is not null
                        || position > file.Length - 8
                    )
                    {
                        throw new CheckpointException(
                            file.Path,
                            $"the storage '{key}' is unknown, listed twice, or beyond the end of the file."
                        );
                    }

                    var elements = BinaryPrimitives.ReadInt64LittleEndian(file.Bytes(position, 8));
                    position += 8;
                    var size = SafetensorsFormat.BytesOf(storage.Dtype!)!.Value;
                    if (elements != storage.Length / size || storage.Length > file.Length - position)
                    {
                        throw new CheckpointException(
                            file.Path,
                            $"the storage '{key}' should have {storage.Length / size} elements, says {elements}, and "
                                + $"{file.Length - position} bytes of the file are left (is it truncated?)."
                        );
                    }

                    storage.Bytes = new MappedBytes(file, position, storage.Length);
                    position += storage.Length;
                }

                return root;
            }
        );

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static TorchFile Open(MappedFile file, Func<object?> read)
    {
        try
        {
            return new TorchFile(file, StateDict.Of(read(), file.Path));
        }
        catch (FormatException e)
        {
            file.Dispose();
            throw new CheckpointException(file.Path, $"its pickle cannot be read: {e.Message}.", innerException: e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static object ZipStorage(PickleSequence id, Func<string, StoredBytes?> find)
    {
        if (id.Items is ["storage", ForeignGlobal foreign, ..])
        {
            return foreign;
        }

        var (dtype, key, length) = Storage(id);
        var bytes = find(key) ?? throw new FormatException($"the archive has no entry for storage '{key}'");
        return length <= bytes.Length
            ? new TorchStorage(dtype, length) { Bytes = bytes }
            : throw new FormatException($"storage '{key}' should have {length} bytes, its entry has {bytes.Length}");
    }

    private static object LegacyStorage(PickleSequence id, Dictionary<string, TorchStorage> storages)
    {
        // ('module', class, source file, source): older files keep the program text beside the class.
        if (id.Items is ["module", PickleGlobal type, ..])
        {
            return type;
        }

        var (dtype, key, length) = Storage(id);
        if (!storages.TryGetValue(key, out var storage))
        {
            storages.Add(
                key,
                storage = new TorchStorage(dtype ?? throw new FormatException($"storage '{key}' has no type"), length)
            );
        }
        else if (storage.Dtype != dtype || storage.Length != length)
        {
            throw new FormatException($"storage '{key}' is described in two ways");
        }

        if (id.Items is not [.., PickleSequence { Items: [string, long offset, long elements] }] || id.Items.Count < 6)
        {
            return storage;
        }

        var size = SafetensorsFormat.BytesOf(dtype!)!.Value;
        return offset >= 0 && elements >= 0 && offset <= length / size - elements
            ? new TorchStorage(dtype, elements * size) { Whole = storage, Begin = offset * size }
            : throw new FormatException($"a part of storage '{key}' is not inside it");
    }

    /// <summary>('storage', class, key, place, elements[, part]).</summary>
    private static (string? Dtype, string Key, long Length) Storage(PickleSequence id)
    {
        if (id.Items is not ["storage", PickleGlobal type, string key, _, long elements, ..])
        {
            throw new FormatException("a persistent id is not that of a storage");
        }

        var dtype = type is StorageGlobal known
            ? known.Dtype
            : throw new FormatException($"the storage class {type.Name} is unknown");
        var size = dtype is null ? 1 : SafetensorsFormat.BytesOf(dtype)!.Value;
        return elements >= 0 && elements <= long.MaxValue / size
            ? (dtype, key, elements * size)
            : throw new FormatException($"storage '{key}' has {elements} elements");
    }

    private StoredTensor Stored(string name, TorchTensor tensor)
    {
        var bytes = (tensor.Storage.Whole ?? tensor.Storage).Bytes!;
        var begin = tensor.Storage.Begin + tensor.Offset * SafetensorsFormat.BytesOf(tensor.Dtype)!.Value;
        return new StoredTensor(
            Path,
            name,
            tensor.Dtype,
            tensor.Shape,
            bytes,
            begin,
            IsContiguous(tensor) ? null : tensor.Strides
        );
    }

    private static bool IsContiguous(TorchTensor tensor)
    {
        var next = 1L;
        for (var d = tensor.Shape.Length - 1; d >= 0; d--)
        {
            if (tensor.Shape[d] != 1 && tensor.Strides[d] != next)
            {
                return false;
            }

            next *= tensor.Shape[d];
        }

        return true;
    }
}
