using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Writes a checkpoint in another layout, element type or container. Tensors go one at a time from the memory map to
/// the new file. Without a new type every weight keeps its bits,
/// and what is converted to the other layout and back is the same file again, but for what no network uses (such as
/// averaged copies and tables of the noise schedule).
/// </summary>
internal static class CheckpointConverter
{
    /// <summary>Converts a checkpoint.</summary>
    /// <param name="input">A checkpoint as for <see cref="CheckpointFiles.Open"/>.</param>
    /// <param name="output">
    /// A file for <see cref="CheckpointLayout.Ldm"/>, or a new folder for <see cref="CheckpointLayout.Diffusers"/>.
    /// </param>
    /// <param name="layout">
    /// The layout; null to keep the tensors' names, for which any file with tensors will do.
    /// </param>
    /// <param name="format">How all floating-point tensors are written; null to keep theirs.</param>
    /// <param name="overflowed">
    /// Told the name of each tensor that has numbers too large for the format (above 65504 for float16): in the
    /// output they are infinite.
    /// </param>
    /// <param name="replaces">Whether a file that is there is replaced; a folder never is.</param>
    /// <returns>How many tensors were written.</returns>
    /// <exception cref="CheckpointException">The input cannot be used, or has no place in the layout.</exception>
    /// <exception cref="ArgumentException">The output is where something else is.</exception>
    /// <exception cref="FileTakenException">There is such a file, and it is not to be replaced.</exception>
    public static int Convert(
        string input,
        string output,
        CheckpointLayout? layout = null,
        WeightFormat? format = null,
        Action<string>? overflowed = null,
        bool replaces = true
    )
    {
        ArgumentNullException.ThrowIfNull(output);
        var isModelFolder = File.Exists(Path.Combine(input, DiffusersFolder.Index));
        using var files =
            layout is null && !isModelFolder ? CheckpointFiles.Open(input) : CheckpointFiles.OpenAsLdm(input);
        if (layout is not null && TinyAutoencoderFile.Is(files))
        {
            throw new CheckpointException(
                files.Name,
                "TAESD has its own layout and no other; without one, the element type can be changed."
            );
        }

        var writing = new Writing(format, overflowed, replaces);
        return layout is null && !isModelFolder ? WriteFile(files, files.Tensors, files.Metadata, output, writing)
            : layout == CheckpointLayout.Ldm ? WriteLdm(files, output, writing)
            : WriteDiffusers(files, output, writing);
    }

    private static int WriteLdm(CheckpointFiles files, string output, Writing writing)
    {
        var tensors = files
            .Tensors.Where(tensor =>
                LdmLayout.Markers.Contains(tensor.Key)
                || LdmLayout.Prefixes.Any(prefix => tensor.Key.StartsWith(prefix, StringComparison.Ordinal))
            )
            .ToDictionary(StringComparer.Ordinal);
        if (tensors.Keys.All(LdmLayout.Markers.Contains))
        {
            throw NoNetwork(files);
        }

        var written = files.SourceLayout == "ldm" ? tensors : WithOpenClip(files, tensors);
        return WriteFile(files, written, files.Metadata, output, writing);
    }

    /// <summary>
    /// The tensors of diffusers' layout as LDM has them: text encoders whose weights are OpenCLIP's (SD 2.x) are there
    /// under OpenCLIP's names, where the family has a place for these.
    /// </summary>
    private static Dictionary<string, StoredTensor> WithOpenClip(
        CheckpointFiles files,
        Dictionary<string, StoredTensor> tensors
    )
    {
        var family = FamilyOf(files);
        foreach (var (index, place, p) in TextHeader.In(files, family, CheckpointMetadata.Read(files)))
        {
            var open = family.Texts[index].Places.FirstOrDefault(other => other.IsOpenClip);
            if (!place.IsOpenClip && p.Activation == TextActivation.Gelu && open is not null)
            {
                tensors = tensors
                    .Where(tensor => !tensor.Key.StartsWith(place.Prefix, StringComparison.Ordinal))
                    .Concat(
                        OpenClipKeys
                            .ToOpenClip(LdmLayout.Part(tensors, place.Prefix))
                            .Select(tensor => KeyValuePair.Create(open.Prefix + tensor.Key, tensor.Value))
                    )
                    .ToDictionary(StringComparer.Ordinal);
            }
        }

        return tensors;
    }

    private static int WriteDiffusers(CheckpointFiles files, string output, Writing writing)
    {
        if (File.Exists(output) || Directory.Exists(output))
        {
            throw new ArgumentException(
                $"The folder {output} is there already; a diffusers layout is written to a new one.",
                nameof(output)
            );
        }

        var metadata = CheckpointMetadata.Read(files);
        var family = FamilyOf(files);
        var parts = NetworkShapes.Inferred(files.Name, () => Parts(files, family, metadata));
        if (parts.Count == 0)
        {
            throw NoNetwork(files);
        }

        var temporary = $"{output.TrimEnd('/', '\\')}.{Environment.ProcessId}.tmp";
        try
        {
            foreach (var part in parts)
            {
                var folder = Path.Combine(temporary, parts.Count == 1 ? "" : part.Folder);
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Combine(folder, DiffusersFolder.Config), part.Config);
                var format = new Dictionary<string, string> { ["format"] = "pt" };
                WriteFile(files, part.Tensors, format, Path.Combine(folder, part.File), writing);
                if (parts.Count > 1 && part.Tokenizer is var (tokenizer, padToken))
                {
                    TokenizerFiles.Write(
                        Directory.CreateDirectory(Path.Combine(temporary, tokenizer)).FullName,
                        padToken
                    );
                }
            }

            if (parts.Count > 1)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(temporary, DiffusersFolder.Scheduler))!);
                File.WriteAllText(
                    Path.Combine(temporary, DiffusersFolder.Scheduler),
                    DiffusersConfigs.Scheduler(metadata)
                );
                File.WriteAllText(Path.Combine(temporary, DiffusersFolder.Index), DiffusersConfigs.Index(family));
            }

            Directory.Move(temporary, output);
            return parts.Sum(part => part.Tensors.Count);
        }
        catch
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }

            throw;
        }
    }

    /// <summary>
    /// The networks of a checkpoint in diffusers' layout: a model's three or four, or the one that the file has.
    /// </summary>
    private static List<NetworkFolder> Parts(CheckpointFiles files, ModelFamily family, CheckpointMetadata metadata)
    {
        const string Weights = "diffusion_pytorch_model.safetensors";
        var parts = new List<NetworkFolder>();
        var texts = TextHeader.In(files, family, metadata);
        if (LdmLayout.Part(files.Tensors, LdmLayout.UNet) is { Count: > 0 } unet)
        {
            var p = NetworkShapes.UNet(Shapes(unet), metadata);
            metadata = metadata with { LatentScale = metadata.LatentScale ?? family.LatentScale };
            parts.Add(
                new(
                    "unet",
                    Weights,
                    DiffusersLayout.UNet(unet),
                    DiffusersConfigs.UNet(
                        p,
                        metadata.NativeSize ?? family.NativeSize,
                        texts.Count > 0 ? texts[^1].Params.PooledWidth : null
                    )
                )
            );
        }
        else if (LdmLayout.Part(files.Tensors, LdmLayout.Control) is { Count: > 0 } control)
        {
            var p = NetworkShapes.ControlNet(Shapes(control), metadata);
            parts.Add(new("controlnet", Weights, DiffusersLayout.UNet(control), DiffusersConfigs.ControlNet(p)));
        }

        if (LdmLayout.Part(files.Tensors, LdmLayout.Autoencoder) is { Count: > 0 } autoencoder)
        {
            parts.Add(
                new(
                    "vae",
                    Weights,
                    DiffusersLayout.Autoencoder(autoencoder),
                    DiffusersConfigs.Autoencoder(
                        NetworkShapes.Autoencoder(Shapes(autoencoder), metadata),
                        metadata.LatentScale
                    )
                )
            );
        }

        foreach (var (index, place, p) in texts)
        {
            var text = LdmLayout.Part(files.Tensors, place.Prefix);
            parts.Add(
                new(
                    DiffusersFolder.Numbered("text_encoder", index),
                    "model.safetensors",
                    place.IsOpenClip ? OpenClipKeys.ToTransformers(text) : text,
                    DiffusersConfigs.Text(p, family.Texts[index].Class)
                )
                {
                    Tokenizer = (DiffusersFolder.Numbered(TokenizerFiles.Folder, index), p.PadToken),
                }
            );
        }

        return parts;
    }

    /// <summary>The family of the UNet, or of a text encoder that is there without one.</summary>
    private static ModelFamily FamilyOf(CheckpointFiles files) =>
        CheckpointKind.FamilyOf(files.Shapes)
        ?? ModelFamily.All.FirstOrDefault(family =>
            family.Texts.Any(text => text.PlaceIn(files.Shapes.Keys) is not null)
        )
        ?? ModelFamily.All[0];

    private static Dictionary<string, IReadOnlyList<long>> Shapes(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape, StringComparer.Ordinal);

    private static CheckpointException NoNetwork(CheckpointFiles files) =>
        files.OtherKind is { } other
            ? new(
                files.Name,
                $"this is {other}, which has no other layout here; without a layout, its type and container can be "
                    + "changed."
            )
            : new(
                files.Name,
                $"none of its {files.Tensors.Count} tensors belongs to a UNet, Autoencoder, text encoder or "
                    + $"ControlNet; the first is '{files.Tensors.Keys.FirstOrDefault()}'. Without a layout, type and "
                    + "container of any file can be changed."
            );

    private static int WriteFile(
        CheckpointFiles files,
        IReadOnlyDictionary<string, StoredTensor> tensors,
        IReadOnlyDictionary<string, string> metadata,
        string output,
        Writing writing
    )
    {
        if (Directory.Exists(output))
        {
            throw new ArgumentException(
                $"{output} is a folder; the tensors of {files.Name} are written to one file.",
                nameof(output)
            );
        }

        var written = tensors.SelectMany(tensor => Written(tensor.Key, tensor.Value, writing));
        var marked = HasScales(tensors, writing.Format) ? written.Append(ScaledFloat8.Marked()) : written;
        SafetensorsWriter.Write(output, [.. marked], metadata, writing.Replaces);
        return tensors.Count;
    }

    private static IEnumerable<WrittenTensor> Written(string name, StoredTensor tensor, Writing writing)
    {
        WrittenTensor As(ScalarType type) =>
            new(name, SafetensorsFormat.NameOf(type), tensor.Shape, () => Rounded(name, tensor, type, writing));
        return (SafetensorsFormat.CanBeWeights(tensor.Dtype) ? writing.Format : null) switch
        {
            null when tensor.HasRaw => ScaledFloat8.Copied(name, tensor),
            WeightFormat.Float32 => [As(ScalarType.Float32)],
            WeightFormat.Float16 => [As(ScalarType.Float16)],
            WeightFormat.ScaledFloat8 when ScaledFloat8.Holds(name, tensor) => ScaledFloat8.Rounded(name, tensor),
            _ => [As(ScalarType.BFloat16)],
        };
    }

    /// <summary>
    /// A tensor in another type. What was infinite before is no overflow, so the old numbers are looked at, too.
    /// </summary>
    private static Tensor Rounded(string name, StoredTensor tensor, ScalarType type, Writing writing)
    {
        using var scope = NewDisposeScope();
        var rounded = tensor.Read(type);
        static long Finite(Tensor numbers) => numbers.isfinite().sum().item<long>();
        if (rounded.isinf().any().item<bool>() && Finite(rounded) < Finite(tensor.Read()))
        {
            writing.Overflowed?.Invoke(name);
        }

        return rounded.MoveToOuterDisposeScope();
    }

    private static bool HasScales(IReadOnlyDictionary<string, StoredTensor> tensors, WeightFormat? format) =>
        format == WeightFormat.ScaledFloat8
            ? tensors.Any(tensor => ScaledFloat8.Holds(tensor.Key, tensor.Value))
            : format is null && tensors.Values.Any(tensor => tensor.Scale is not null);

    /// <summary>How tensors are written.</summary>
    private sealed record Writing(WeightFormat? Format, Action<string>? Overflowed, bool Replaces);

    private sealed record NetworkFolder(
        string Folder,
        string File,
        Dictionary<string, StoredTensor> Tensors,
        string Config
    )
    {
        /// <summary>Of a text encoder: the folder of its tokenizer, and what that pads with.</summary>
        public (string Folder, int PadToken)? Tokenizer { get; init; }
    }
}
