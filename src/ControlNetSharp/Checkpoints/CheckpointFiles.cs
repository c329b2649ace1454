using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>One checkpoint in one or several files: a single space of tensor names. The files are safetensors or PyTorch's, told by what is in them and not by their names.</summary>
public sealed class CheckpointFiles : IDisposable
{
    private static readonly string[] TorchPatterns = ["*.bin", "*.pth", "*.pt", "*.ckpt"];
    private readonly List<ITensorFile> _files = [];
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private CheckpointFiles(string name) => Name = name;

    /// <summary>The file or folder, as it was given.</summary>
    public string Name { get; }

    /// <summary>Shapes by tensor name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; private set; } = new Dictionary<string, IReadOnlyList<long>>();

    /// <summary>The metadata of all files; a later file does not change what an earlier one says.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>
    /// Opens a file (safetensors; PyTorch's zip archives and older pickles, of which the state dict counts), or all .safetensors files of a folder in name order, or where it has none all PyTorch files.
    /// Headers and pickles are checked, no tensor is read yet.
    /// </summary>
    /// <exception cref="CheckpointException">There is no such file, it is damaged, it wants something run, or two files have the same tensor.</exception>
    public static CheckpointFiles Open(string path)
    {
        var paths = Directory.Exists(path) ? FilesOf(path) : [path];
        if (paths.Length == 0 || !File.Exists(paths[0]))
        {
            throw new CheckpointException(path, Directory.Exists(path) ? "the folder has no .safetensors file and none of PyTorch (.bin, .pth, .pt, .ckpt)." : "there is no such file.");
        }

        var files = new CheckpointFiles(path);
        try
        {
            foreach (var file in paths)
            {
                files.Add(TensorFiles.Open(file));
            }

            files.Shapes = files._tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape, StringComparer.Ordinal);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor on the CPU.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="dtype">The type to convert to; the file's own where null (8-bit floats become float32, integers without sign the next wider type).</param>
    /// <returns>A fresh tensor; the caller owns it.</returns>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public Tensor Read(string name, ScalarType? dtype = null) => Find(name).Read(dtype);

    /// <summary>Copies a tensor into another one of the same shape, converting its type.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or its shape differs from the target's.</exception>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Find(name).ReadInto(target);
    }

    /// <summary>The element type of a tensor, in the words of safetensors.</summary>
    public string DtypeOf(string name) => Find(name).Dtype;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private static string[] FilesOf(string folder)
    {
        var files = Directory.GetFiles(folder, "*.safetensors");
        return [.. (files.Length > 0 ? files : TorchPatterns.SelectMany(pattern => Directory.GetFiles(folder, pattern))).Order(StringComparer.Ordinal)];
    }

    private StoredTensor Find(string name) => _tensors.TryGetValue(name, out var tensor) ? tensor
        : throw new CheckpointException(Name, $"there is no tensor '{name}'.", [name]);

    private void Add(ITensorFile file)
    {
        _files.Add(file);
        foreach (var tensor in file.Tensors)
        {
            if (!_tensors.TryAdd(tensor.Name, tensor))
            {
                throw new CheckpointException(file.Path, $"the tensor '{tensor.Name}' is in {_tensors[tensor.Name].File}, too.", [tensor.Name]);
            }
        }

        foreach (var (key, value) in file.Metadata)
        {
            _metadata.TryAdd(key, value);
        }
    }
}
