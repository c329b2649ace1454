namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// Finds the weights in what a pickle holds: training programs put them into a dictionary beside optimizer, step and
/// other things.
/// </summary>
internal static class StateDict
{
    /// <summary>
    /// Names under which programs put the weights, those that count first in front: Lightning; Real-ESRGAN and its
    /// kin, whose averaged weights count; textual inversion; others; DeepSpeed.
    /// </summary>
    private static readonly string[] Known =
    [
        "state_dict",
        "params_ema",
        "params",
        "string_to_param",
        "model",
        "model_state_dict",
        "net",
        "module",
    ];

    /// <summary>The module of all classes that torch.jit.save writes.</summary>
    private const string TorchScript = "__torch__.";

    private const string Wanted = "a dictionary of tensors (state_dict) can be read.";

    /// <summary>
    /// The two halves of an IP-Adapter, the one kind of file whose weights are in several dictionaries.
    /// </summary>
    private static readonly string[] IpAdapter = ["image_proj", "ip_adapter"];

    /// <summary>The tensors of the state dict.</summary>
    /// <param name="root">What the pickle holds.</param>
    /// <param name="file">The file's path, for messages.</param>
    /// <exception cref="CheckpointException">
    /// It has no tensors with names, several dictionaries could be the weights, or the weights contain something
    /// foreign.
    /// </exception>
    public static Dictionary<string, TorchTensor> Of(object? root, string file)
    {
        var dictionary = Find(root as PickleDictionary ?? throw new CheckpointException(file, OtherThan(root)), file);
        return dictionary.Foreign is not { } foreign
            ? Tensors(dictionary)
            : throw new CheckpointException(
                file,
                $"{foreign} is among its weights; only tensors, numbers and texts can be there.",
                [foreign]
            );
    }

    private static PickleDictionary Find(PickleDictionary root, string file)
    {
        // A full state dict has no entry of this name beside its tensors.
        if (root.Entries.GetValueOrDefault(Known[0]) is PickleDictionary state)
        {
            return HasTensors(state) ? state : throw new CheckpointException(file, $"its '{Known[0]}' has no tensors.");
        }

        if (HasTensors(root))
        {
            return root;
        }

        var inner = root
            .Entries.Where(entry => entry.Value is PickleDictionary candidate && HasTensors(candidate))
            .ToDictionary(entry => entry.Key, entry => (PickleDictionary)entry.Value!);
        return inner.Count switch
        {
            0 => throw new CheckpointException(file, WithoutTensors(root)),
            1 => inner.Values.First(),
            2 when IpAdapter.All(inner.ContainsKey) => Joined(inner),
            _ => Known.FirstOrDefault(inner.ContainsKey) is { } known
                ? inner[known]
                : throw new CheckpointException(
                    file,
                    $"the weights could be in {string.Join(", ", inner.Keys.Order(StringComparer.Ordinal).Take(5))}; a "
                        + $"file with several dictionaries of tensors needs one of {string.Join(", ", Known)}."
                ),
        };
    }

    /// <summary>What a pickle that is no dictionary holds instead.</summary>
    private static string OtherThan(object? root) =>
        root switch
        {
            ForeignGlobal { Name: var name } when name.StartsWith(TorchScript, StringComparison.Ordinal) =>
                $"it is a TorchScript program ({name}); {Wanted}",
            ForeignGlobal { Name: var name } => $"it holds {ObjectOf(name)}",
            TorchTensor { Shape: var shape } =>
                $"it holds one tensor of shape [{string.Join(", ", shape)}] without a name; {Wanted}",
            PickleSequence list when list.Items.Any(item => item is TorchTensor) =>
                $"it holds a list of {list.Items.Count} tensors without names, as LoRAs of cloneofsimo/lora are; "
                    + $"{Wanted}",
            _ => $"its pickle holds no dictionary of tensors; {Wanted}",
        };

    /// <summary>What a dictionary without tensors holds instead.</summary>
    private static string WithoutTensors(PickleDictionary root)
    {
        if (root.NumberedRows.Count > 0)
        {
            var widths = string.Join(", ", root.NumberedRows.Take(8));
            return $"it is a hypernetwork (networks for the widths {widths}), which cannot be applied.";
        }

        const string None = "its pickle holds no tensors";
        var foreign = root.Entries.FirstOrDefault(entry => entry.Value is ForeignGlobal);
        return foreign.Value is ForeignGlobal { Name: var name } ? $"{None}; its '{foreign.Key}' is {ObjectOf(name)}"
            : root.Entries.Count > 0 ? $"{None}; it has {string.Join(", ", root.Entries.Keys.Take(5))}."
            : $"{None}.";
    }

    private static string ObjectOf(string name) =>
        $"a whole object of the class {name}, which only the program of that class could read; {Wanted}";

    /// <summary>Several dictionaries as one, with their names before those of their tensors.</summary>
    private static PickleDictionary Joined(Dictionary<string, PickleDictionary> parts)
    {
        var result = new PickleDictionary();
        foreach (var (part, dictionary) in parts)
        {
            foreach (var (name, value) in dictionary.Entries)
            {
                result.Set($"{part}.{name}", value);
            }
        }

        return result;
    }

    private static bool HasTensors(PickleDictionary dictionary) =>
        dictionary.Entries.Values.Any(value => value is TorchTensor);

    private static Dictionary<string, TorchTensor> Tensors(PickleDictionary dictionary) =>
        dictionary
            .Entries.Where(entry => entry.Value is TorchTensor)
            .ToDictionary(entry => entry.Key, entry => (TorchTensor)entry.Value!, StringComparer.Ordinal);
}
