using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ControlNetSharp.Checkpoints;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Writes pickles and the files of torch.save that hold them, as small as a test needs them.</summary>
internal sealed class PickleBytes
{
    private readonly List<byte> _bytes = [];

    /// <summary>Whole tensors by storage key; the file puts their numbers beside the pickle.</summary>
    public Dictionary<string, Tensor> Storages { get; } = [];

    public PickleBytes Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleBytes Raw(string bytes) => Raw(Encoding.Latin1.GetBytes(bytes));

    public PickleBytes Start() => Raw(0x80, 2);

    public PickleBytes Text(string text)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, Encoding.UTF8.GetByteCount(text));
        return Raw("X").Raw(length).Raw(Encoding.UTF8.GetBytes(text));
    }

    public PickleBytes Number(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Raw(0x8a, 8).Raw(bytes);
    }

    public PickleBytes Global(string module, string name) => Raw($"c{module}\n{name}\n");

    /// <summary>A tensor as torch.save writes it: _rebuild_tensor_v2 of a storage.</summary>
    public PickleBytes Tensor(string key, string storageClass, long storageElements, long offset, long[] shape, long[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Raw("((").Text("storage").Global("torch", storageClass).Text(key).Text("cpu").Number(storageElements).Raw("tQ").Number(offset);
        Numbers(shape);
        Numbers(strides);
        return Raw(0x89).Global("collections", "OrderedDict").Raw(")RtR");
    }

    /// <summary>A dictionary of tensors, each with a storage of its own.</summary>
    public PickleBytes Tensors(IReadOnlyDictionary<string, Tensor> tensors)
    {
        Global("collections", "OrderedDict").Raw(")R(");
        foreach (var (name, tensor) in tensors)
        {
            var key = $"{Storages.Count}";
            Storages.Add(key, tensor.contiguous());
            Text(name).Tensor(key, StorageClass(tensor.dtype), tensor.numel(), 0, tensor.shape, Storages[key].stride());
        }

        return Raw("u");
    }

    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>The zip archive of PyTorch 1.6 and later.</summary>
    public string WriteZip(string path, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        void Add(string name, ReadOnlySpan<byte> bytes)
        {
            using var entry = archive.CreateEntry($"archive/{name}", compression).Open();
            entry.Write(bytes);
        }

        Add("data.pkl", ToArray());
        foreach (var (key, tensor) in Storages)
        {
            Add($"data/{key}", tensor.numel() == 0 ? [] : tensor.bytes);
        }

        Add("version", "3\n"u8);
        return path;
    }

    /// <summary>The row of pickles of older versions. From protocol 4 on a pickle's length stands in front of it, as a frame.</summary>
    public string WriteLegacy(string path, byte protocol = 2)
    {
        using var file = File.Create(path);
        file.Write([0x80, protocol, .. protocol < 4 ? [] : new byte[] { 0x95, 13, 0, 0, 0, 0, 0, 0, 0 }, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.']);
        file.Write(new PickleBytes().Start().Number(1001).Raw(".").ToArray());
        file.Write(new PickleBytes().Start().Raw("}(").Text("protocol_version").Number(1001).Text("little_endian").Raw(0x88).Raw("u.").ToArray());
        file.Write(ToArray());
        var keys = new PickleBytes().Start().Raw("](");
        foreach (var key in Storages.Keys)
        {
            keys.Text(key);
        }

        file.Write(keys.Raw("e.").ToArray());
        foreach (var tensor in Storages.Values)
        {
            file.Write(BitConverter.GetBytes(tensor.numel()));
            file.Write(tensor.numel() == 0 ? [] : tensor.bytes);
        }

        return path;
    }

    private void Numbers(long[] numbers)
    {
        Raw("(");
        foreach (var number in numbers)
        {
            Number(number);
        }

        Raw("t");
    }

    private static string StorageClass(ScalarType type) => SafetensorsFormat.NameOf(type) switch
    {
        "F32" => "FloatStorage",
        "F16" => "HalfStorage",
        "BF16" => "BFloat16Storage",
        "F64" => "DoubleStorage",
        "I64" => "LongStorage",
        var other => throw new ArgumentException(other, nameof(type)),
    };
}
