using ControlNetSharp.Checkpoints.KeyMaps;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// One checkpoint in one or several files: a single space of tensor names. The files are safetensors or PyTorch's, told
/// by what is in them and not by their names.
/// </summary>
public sealed class CheckpointFiles : IDisposable
{
    /// <summary>What PyTorch's DataParallel puts before every name.</summary>
    private const string Wrapper = "module.";

    /// <summary>What its compiler puts before the names inside of a compiled module.</summary>
    private const string Compiled = "_orig_mod.";

    private readonly List<ITensorFile> _files = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private CheckpointFiles(string name) => Name = name;

    /// <summary>The file or folder, as it was given.</summary>
    public string Name { get; }

    /// <summary>Shapes by tensor name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; private set; } =
        new Dictionary<string, IReadOnlyList<long>>();

    /// <summary>
    /// The metadata of all files; a later file does not change what an earlier one says. For a diffusers folder it is
    /// what its configurations say.
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>
    /// The layout that the checkpoint has on the disk, as <see cref="CheckpointKind.LayoutOf"/> says it.
    /// </summary>
    internal string? SourceLayout { get; private set; }

    /// <summary>
    /// What the checkpoint is, as <see cref="CheckpointKind.Of"/> says it; null where it is not known.
    /// </summary>
    internal string? SourceKind { get; private set; }

    /// <summary>
    /// What the checkpoint is called in a sentence where it is neither a model nor a plain ControlNet, as
    /// <see cref="CheckpointKind.OtherKind"/> says it; otherwise null.
    /// </summary>
    internal string? OtherKind { get; private set; }

    /// <summary>The tensors by name.</summary>
    internal IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <summary>Gives the tensors the names, and parts, that they have in another program.</summary>
    /// <exception cref="CheckpointException">A tensor cannot be divided into its parts.</exception>
    internal void Rename(Func<IReadOnlyDictionary<string, StoredTensor>, Dictionary<string, StoredTensor>> rename)
    {
        _tensors = rename(_tensors);
        Describe();
    }

    /// <summary>The shapes of one network, whose names begin with this; its names are without it.</summary>
    internal Dictionary<string, IReadOnlyList<long>> ShapesBelow(string prefix) =>
        Shapes
            .Where(shape => shape.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(shape => shape.Key[prefix.Length..], shape => shape.Value, StringComparer.Ordinal);

    /// <summary>
    /// Opens a file (safetensors; PyTorch's zip archives and older pickles, of which the state dict counts), the shards
    /// of an index (.index.json), a folder in diffusers' layout, whose tensors have the component
    /// before their names (<c>unet/conv_in.weight</c>), or all .safetensors files of another folder in name order, or
    /// where it has none all PyTorch files.
    /// Prefixes of training programs (<c>module.</c>, <c>_orig_mod.</c>) are taken off.
    /// Headers and pickles are checked, no tensor is read yet.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// There is no such file, it is damaged, it wants something run, a shard is missing, or two files have the same
    /// tensor.
    /// </exception>
    public static CheckpointFiles Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var files = new CheckpointFiles(path);
        try
        {
            if (!Directory.Exists(path))
            {
                files.AddFile(path);
            }
            else if (File.Exists(Path.Combine(path, DiffusersFolder.Index)))
            {
                files.AddMetadata(DiffusersFolder.Metadata(path).Write());
                foreach (var (component, file) in DiffusersFolder.Files(path))
                {
                    files.Add(TensorFiles.Open(file), component);
                }
            }
            else
            {
                files.AddFolder(path);
            }

            files._tensors = ScaledFloat8.WithScales(Unwrapped(files._tensors));
            files.Describe();
            (files.SourceLayout, files.SourceKind, files.OtherKind) = (
                CheckpointKind.LayoutOf(files.Shapes),
                CheckpointKind.KindOf(files.Shapes),
                CheckpointKind.OtherKind(files.Shapes)
            );
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The same with the names and shapes that LDM has, whatever layout the checkpoint is in.</summary>
    /// <param name="path">As for <see cref="Open"/>.</param>
    /// <param name="autoencoder">A checkpoint whose Autoencoder replaces that of the first; null for none.</param>
    /// <exception cref="CheckpointException">
    /// As for <see cref="Open"/>, or two tensors are the same one under two names, or the second checkpoint has no
    /// Autoencoder.
    /// </exception>
    internal static CheckpointFiles OpenAsLdm(string path, string? autoencoder = null)
    {
        var files = Open(path);
        try
        {
            files._tensors = LdmLayout.Of(files._tensors);
            if (autoencoder is not null)
            {
                files.ReplaceAutoencoder(OpenAutoencoder(autoencoder));
            }

            files.Describe();
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
    /// <param name="dtype">
    /// The type to convert to; the file's own where null (8-bit floats become float32, integers without sign the next
    /// wider type).
    /// </param>
    /// <returns>A fresh tensor; the caller owns it.</returns>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public Tensor Read(string name, ScalarType? dtype = null) => Find(name).Read(dtype);

    /// <summary>Copies a tensor into another one of the same shape, converting its type.</summary>
    /// <exception cref="CheckpointException">
    /// There is no such tensor, or its shape differs from the target's.
    /// </exception>
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

    /// <summary>
    /// A checkpoint with an Autoencoder under LDM's names; to one half of TAESD the other one, where it lies beside.
    /// </summary>
    /// <exception cref="CheckpointException">As for <see cref="Open"/>.</exception>
    internal static CheckpointFiles OpenAutoencoder(string path)
    {
        var files = OpenAsLdm(path);
        try
        {
            var names = files.ShapesBelow(LdmLayout.Autoencoder).Keys;
            if (TinyAutoencoderKeys.IsTiny(names) && TinyAutoencoderKeys.OtherHalf(path, names) is { } beside)
            {
                var half = OpenAsLdm(beside);
                files._files.AddRange(half._files);
                files._tensors = files
                    ._tensors.Concat(half._tensors.Where(tensor => !files._tensors.ContainsKey(tensor.Key)))
                    .ToDictionary(StringComparer.Ordinal);
                files.Describe();
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Takes over another checkpoint's files, its Autoencoder and what it says of that.</summary>
    private void ReplaceAutoencoder(CheckpointFiles other)
    {
        _files.AddRange(other._files);
        var parts = other
            ._tensors.Where(tensor => tensor.Key.StartsWith(LdmLayout.Autoencoder, StringComparison.Ordinal))
            .ToList();
        if (parts.Count == 0)
        {
            throw new CheckpointException(
                other.Name,
                $"it has no Autoencoder (decoder.conv_in.weight, with or without {LdmLayout.Autoencoder}); the first "
                    + $"of its {other._tensors.Count} keys is '{other._tensors.Keys.FirstOrDefault()}'."
            );
        }

        _tensors = _tensors
            .Where(tensor => !tensor.Key.StartsWith(LdmLayout.Autoencoder, StringComparison.Ordinal))
            .Concat(parts)
            .ToDictionary(StringComparer.Ordinal);
        foreach (var key in CheckpointMetadata.AutoencoderKeys)
        {
            _metadata.Remove(key);
            if (other._metadata.TryGetValue(key, out var value))
            {
                _metadata[key] = value;
            }
        }
    }

    /// <summary>
    /// The tensors without what training programs put before every name or, as PyTorch's compiler, before some.
    /// </summary>
    /// <exception cref="CheckpointException">Two tensors are the same one under two names.</exception>
    private static Dictionary<string, StoredTensor> Unwrapped(Dictionary<string, StoredTensor> tensors)
    {
        var names = tensors.Keys;
        var isWrapped = names.Count > 0 && names.All(name => name.StartsWith(Wrapper, StringComparison.Ordinal));
        if (!isWrapped && !names.Any(name => name.Contains(Compiled, StringComparison.Ordinal)))
        {
            return tensors;
        }

        var plain = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            var own = (isWrapped ? name[Wrapper.Length..] : name).Replace(Compiled, "", StringComparison.Ordinal);
            if (!plain.TryAdd(own, tensor))
            {
                var other = plain[own].Name;
                throw new CheckpointException(
                    tensor.File,
                    $"the tensors '{other}' and '{name}' are one under two names.",
                    [other, name]
                );
            }
        }

        return plain;
    }

    private StoredTensor Find(string name) =>
        _tensors.TryGetValue(name, out var tensor)
            ? tensor
            : throw new CheckpointException(Name, $"there is no tensor '{name}'.", [name]);

    private void AddFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new CheckpointException(path, "there is no such file.");
        }

        if (path.EndsWith(WeightFiles.IndexEnding, StringComparison.Ordinal))
        {
            AddShards(path);
            return;
        }

        if (LdmConfig.PredictionOf(path) is { } prediction)
        {
            AddMetadata(new CheckpointMetadata { Prediction = prediction }.Write());
        }

        Add(TensorFiles.Open(path));
        // A file that diffusers wrote lies beside its configuration.
        if (Path.GetFileName(path).StartsWith("diffusion_pytorch_model", StringComparison.Ordinal))
        {
            AddMetadata(DiffusersFolder.Network(Path.GetDirectoryName(Path.GetFullPath(path))!).Write());
        }
    }

    private void AddFolder(string folder)
    {
        if (WeightFiles.IndexOf(folder) is { } index)
        {
            AddShards(index);
            AddMetadata(DiffusersFolder.Network(folder).Write());
            return;
        }

        // The folder of one network as diffusers stores it can have the same weights in several precisions.
        var isNetwork = File.Exists(Path.Combine(folder, DiffusersFolder.Config));
        var paths = isNetwork ? WeightFiles.Of(folder) : WeightFiles.All(folder);
        if (paths.Count == 0)
        {
            throw new CheckpointException(
                folder,
                "the folder has no .safetensors file and none of PyTorch (.bin, .pth, .pt, .ckpt)."
            );
        }

        foreach (var path in paths)
        {
            Add(TensorFiles.Open(path));
        }

        if (isNetwork)
        {
            AddMetadata(DiffusersFolder.Network(folder).Write());
        }
    }

    private void AddShards(string index)
    {
        var shards = WeightFiles.Shards(index);
        foreach (var shard in shards.Values.Distinct(StringComparer.Ordinal))
        {
            Add(TensorFiles.Open(shard));
        }

        if (
            shards.FirstOrDefault(shard =>
                !_tensors.TryGetValue(shard.Key, out var tensor) || tensor.File != shard.Value
            ) is
            { Key: { } missing, Value: { } file }
        )
        {
            throw new CheckpointException(
                index,
                $"the tensor '{missing}' is not in {file}, where it should be.",
                [missing]
            );
        }
    }

    private void Add(ITensorFile file, string prefix = "")
    {
        _files.Add(file);
        foreach (var tensor in file.Tensors)
        {
            if (!_tensors.TryAdd(prefix + tensor.Name, tensor))
            {
                throw new CheckpointException(
                    file.Path,
                    $"the tensor '{tensor.Name}' is in {_tensors[prefix + tensor.Name].File}, too.",
                    [tensor.Name]
                );
            }
        }

        AddMetadata(file.Metadata);
    }

    private void AddMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var (key, value) in metadata)
        {
            _metadata.TryAdd(key, value);
        }
    }

    private void Describe() =>
        Shapes = _tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape, StringComparer.Ordinal);
}
