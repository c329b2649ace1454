using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>One checkpoint in one or several safetensors files: a single space of tensor names.</summary>
public sealed class CheckpointFiles : IDisposable
{
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private CheckpointFiles(string name) => Name = name;

    /// <summary>The file or folder, as it was given.</summary>
    public string Name { get; }

    /// <summary>Shapes by tensor name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; private set; } = new Dictionary<string, IReadOnlyList<long>>();

    /// <summary>The metadata of all files; a later file does not change what an earlier one says.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Opens a file, or all .safetensors files of a folder in name order; headers are checked, no tensor is read yet.</summary>
    /// <exception cref="CheckpointException">There is no such file, a header is damaged, or two files have the same tensor.</exception>
    public static CheckpointFiles Open(string path)
    {
        var paths = Directory.Exists(path) ? Directory.GetFiles(path, "*.safetensors").Order(StringComparer.Ordinal).ToArray() : [path];
        if (paths.Length == 0 || !File.Exists(paths[0]))
        {
            throw new CheckpointException(path, Directory.Exists(path) ? "the folder has no .safetensors file." : "there is no such file.");
        }

        var files = new CheckpointFiles(path);
        try
        {
            foreach (var file in paths)
            {
                files.Add(SafetensorsFile.Open(file));
            }

            files.Shapes = files._owners.ToDictionary(owner => owner.Key, owner => owner.Value.Entries[owner.Key].Shape, StringComparer.Ordinal);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Copies a tensor into another one of the same shape, converting its type.</summary>
    public void ReadInto(string name, Tensor target) => _owners[name].ReadInto(name, target);

    /// <summary>The element type of a tensor, in the format's words.</summary>
    public string DtypeOf(string name) => _owners[name].Entries[name].Dtype;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach (var name in file.Entries.Keys)
        {
            if (!_owners.TryAdd(name, file))
            {
                throw new CheckpointException(file.Path, $"the tensor '{name}' is in {_owners[name].Path}, too.", [name]);
            }
        }

        foreach (var (key, value) in file.Metadata)
        {
            _metadata.TryAdd(key, value);
        }
    }
}
