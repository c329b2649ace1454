using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>A LoRA file: its modules, checked to be whole. Nothing but the scales is read yet.</summary>
internal sealed class LoraFile : IDisposable
{
    private const int ShownKeys = 5;
    private readonly CheckpointFiles _files;

    private LoraFile(CheckpointFiles files)
    {
        _files = files;
        Refuse([.. files.Tensors.Keys.Where(name => LoraNames.Of(name) is null)]);
        var parts = new Dictionary<string, Dictionary<string, StoredTensor>>(StringComparer.Ordinal);
        foreach (var (name, tensor) in files.Tensors)
        {
            var (module, part) = LoraNames.Of(name)!.Value;
            parts.TryAdd(module, new Dictionary<string, StoredTensor>(StringComparer.Ordinal));
            if (!parts[module].TryAdd(part, tensor))
            {
                throw new CheckpointException(
                    Path,
                    $"the tensors '{parts[module][part].Name}' and '{name}' are the same one under two names.",
                    [parts[module][part].Name, name]
                );
            }
        }

        var adapter = AdapterMetadata.Read(files);
        Modules =
        [
            .. parts
                .Select(module => Module(module.Key, module.Value, adapter))
                .OrderBy(module => module.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path => _files.Name;

    /// <summary>The modules in the order of their names.</summary>
    public IReadOnlyList<LoraChange> Modules { get; }

    /// <summary>The family of the models that it was trained for, as far as its names and shapes show it.</summary>
    public string? Family => LoraFamily.Of(_files.Shapes);

    /// <summary>Opens a file in kohya's or diffusers' naming, of any container.</summary>
    /// <exception cref="CheckpointException">
    /// It is damaged, is no LoRA, is one of another kind (OFT, GLoRA, …), or has names that no LoRA has.
    /// </exception>
    public static LoraFile Open(string path)
    {
        var files = CheckpointFiles.Open(path);
        try
        {
            return new LoraFile(files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    /// <summary>Refuses modules that a model does not have, or has in another shape.</summary>
    /// <param name="targets">What of the model can be added to, by name.</param>
    /// <param name="model">The model's file, for the message.</param>
    /// <param name="family">Its family, likewise.</param>
    /// <exception cref="CheckpointException">There are such modules; the message names the first.</exception>
    public void RequireFitting(IReadOnlyDictionary<string, LoraTarget> targets, string model, ModelFamily family)
    {
        var missing = Modules.Where(module => !targets.ContainsKey(module.Name)).Select(module => module.Name).ToList();
        var misshapen = Modules
            .Where(module => targets.TryGetValue(module.Name, out var target) && !module.Fits(target.Shape))
            .ToList();
        if (missing.Count + misshapen.Count == 0)
        {
            return;
        }

        static string Sides(long[] shape) => $"[{string.Join(", ", shape)}]";
        var shapes = misshapen.ConvertAll(module =>
            $"{module.Name} {Sides(module.Shape!)} for a weight {Sides(targets[module.Name].Shape)}"
        );
        string?[] findings =
        [
            missing.Count == 0
                ? null
                : $"{missing.Count} of its {Modules.Count} modules are not in the model ({Shown(missing)})",
            misshapen.Count == 0 ? null : $"{misshapen.Count} are of another shape ({Shown(shapes)})",
        ];
        throw new CheckpointException(
            Path,
            $"this LoRA is for {Family ?? "an unknown family"}; the model {model} is {family.Name}: "
                + $"{string.Join("; ", findings.OfType<string>())}.",
            [.. missing.Concat(misshapen.Select(module => module.Name)).Take(ShownKeys)]
        );
    }

    private void Refuse(List<string> unknown)
    {
        if (_files.Tensors.Keys.FirstOrDefault(name => LoraNames.OtherKindOf(name) is not null) is { } sign)
        {
            throw new CheckpointException(
                Path,
                $"this is {LoraNames.OtherKindOf(sign)} ('{sign}'), which cannot be applied; LoRA, LoCon, LoHa, "
                    + "LoKr and DoRA files and full differences can.",
                [sign]
            );
        }

        var adapters = _files.Tensors.Keys.Select(LoraNames.AdapterOf).OfType<string>().Distinct().ToList();
        if (adapters.Count > 1)
        {
            throw new CheckpointException(
                Path,
                $"this file has {adapters.Count} adapters ({Shown(adapters)}); a file with one can be applied."
            );
        }

        if (unknown.Count == _files.Tensors.Count)
        {
            throw new CheckpointException(
                Path,
                $"this is not a LoRA; the first of its {unknown.Count} keys is '{unknown.FirstOrDefault()}'.",
                [.. unknown.Take(1)]
            );
        }

        if (unknown.Count > 0)
        {
            throw new CheckpointException(
                Path,
                $"{unknown.Count} of its {_files.Tensors.Count} keys are none of a LoRA ({Shown(unknown)}); nothing of "
                    + "it is applied, since the rest would be something else.",
                [.. unknown.Take(ShownKeys)]
            );
        }
    }

    /// <summary>The first of some names, in a sentence.</summary>
    private static string Shown(List<string> names) =>
        string.Join(", ", names.Take(ShownKeys)) + (names.Count > ShownKeys ? ", …" : "");

    private LoraChange Module(string name, Dictionary<string, StoredTensor> parts, AdapterMetadata adapter)
    {
        if (
            parts.Values.FirstOrDefault(part =>
                !SafetensorsFormat.CanBeWeights(part.Dtype) && part != parts.GetValueOrDefault(LoraNames.Alpha)
            ) is
            { } mistyped
        )
        {
            throw new CheckpointException(
                Path,
                $"the tensor '{mistyped.Name}' has the dtype {mistyped.Dtype}, which cannot be weights.",
                [mistyped.Name]
            );
        }

        double? alpha = parts.TryGetValue(LoraNames.Alpha, out var said) ? Number(said) : null;
        StoredTensor Part(string part) =>
            parts.TryGetValue(part, out var stored) ? stored : throw Missing(name, part, parts);
        LoraFactor Factor(string whole, string rows, string columns, string? middle) =>
            parts.TryGetValue(whole, out var stored)
                ? new(stored, null, null)
                : new(null, Part(rows), Part(columns), middle is null ? null : parts.GetValueOrDefault(middle));
        bool Has(IEnumerable<string> known) => known.Any(parts.ContainsKey);
        LoraChange change =
            Has(LoraNames.LohaParts)
                ? new LohaModule(
                    name,
                    Factor("", "hada_w1_a", "hada_w1_b", "hada_t1"),
                    Factor("", "hada_w2_a", "hada_w2_b", "hada_t2"),
                    alpha
                )
            : Has(LoraNames.LokrParts)
                ? new LokrModule(
                    name,
                    Factor("lokr_w1", "lokr_w1_a", "lokr_w1_b", null),
                    Factor("lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"),
                    alpha
                )
            : Has([LoraNames.Difference]) ? new DifferenceModule(name, Part(LoraNames.Difference))
            : new LoraModule(
                name,
                Part(LoraNames.Down),
                Part(LoraNames.Up),
                parts.GetValueOrDefault(LoraNames.Middle),
                alpha ?? adapter.AlphaOf(name, Part(LoraNames.Down).Shape is [var rank, ..] ? rank : 0)
            );
        change = change with { Magnitude = parts.GetValueOrDefault(LoraNames.Magnitude) };
        RequireOneKind(change, parts);
        var shapes = parts.Values.Select(part => $"{part.Name} [{string.Join(", ", part.Shape)}]");
        return change.Shape is not null
            ? change
            : throw new CheckpointException(
                Path,
                $"the parts of its module '{name}' do not fit each other: {string.Join(", ", shapes)}.",
                [.. parts.Values.Select(part => part.Name).Take(ShownKeys)]
            );
    }

    private CheckpointException Missing(string name, string part, Dictionary<string, StoredTensor> parts) =>
        new(Path, $"its module '{name}' has no {part} part.", [.. parts.Values.Select(stored => stored.Name).Take(1)]);

    /// <summary>A module with parts of two kinds would be applied by half.</summary>
    private void RequireOneKind(LoraChange change, Dictionary<string, StoredTensor> parts)
    {
        IEnumerable<string> own = change switch
        {
            LohaModule => LoraNames.LohaParts,
            LokrModule lokr => LoraNames
                .LokrParts.Where(part =>
                    !part.StartsWith("lokr_w1_", StringComparison.Ordinal) || lokr.First.Whole is null
                )
                .Where(part => part is not ("lokr_w2_a" or "lokr_w2_b" or "lokr_t2") || lokr.Second.Whole is null),
            DifferenceModule => [LoraNames.Difference],
            _ => [LoraNames.Down, LoraNames.Up, LoraNames.Middle],
        };
        var others = parts.Keys.Except(own).Except([LoraNames.Alpha, LoraNames.Magnitude]).ToList();
        if (others.Count > 0)
        {
            throw new CheckpointException(
                Path,
                $"its module '{change.Name}' has parts of several kinds: {Shown([.. parts.Keys])}.",
                [parts[others[0]].Name]
            );
        }
    }

    private double Number(StoredTensor stored)
    {
        if (stored.Elements == 1)
        {
            using var scope = NewDisposeScope();
            if (stored.Read(ScalarType.Float32).reshape([]).item<float>() is var number && float.IsFinite(number))
            {
                return number;
            }
        }

        throw new CheckpointException(Path, $"the tensor '{stored.Name}' must be one finite number.", [stored.Name]);
    }
}
