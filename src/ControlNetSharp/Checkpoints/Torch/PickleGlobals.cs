namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>A Python name that a pickle mentions.</summary>
internal abstract record PickleGlobal(string Name);

/// <summary>
/// A name that is not understood, or an object that would be made with it, of which the name alone is kept.
/// </summary>
internal sealed record ForeignGlobal(string Name) : PickleGlobal(Name)
{
    /// <summary>Whether it acts on the machine, which no checkpoint needs.</summary>
    public bool IsAttack { get; init; }
}

/// <summary>The class of a storage; null for one of bytes.</summary>
internal sealed record StorageGlobal(string Name, string? Dtype) : PickleGlobal(Name);

/// <summary>The element type of a tensor.</summary>
internal sealed record DtypeGlobal(string Name, string Dtype) : PickleGlobal(Name);

/// <summary>A name whose call is understood: what it would give is built here, nothing is run.</summary>
internal sealed record CallableGlobal(string Name, Func<IReadOnlyList<object?>, object?> Call) : PickleGlobal(Name);

/// <summary>
/// All Python names that are understood. Source: torch/_utils.py and torch/storage.py of PyTorch 1.13 and 2.5; the
/// others are what Lightning and NumPy leave in public files.
/// </summary>
internal static class PickleGlobals
{
    private static readonly (string Type, string Dtype)[] Types =
    [
        ("Float", "F32"),
        ("Half", "F16"),
        ("BFloat16", "BF16"),
        ("Double", "F64"),
        ("Long", "I64"),
        ("Int", "I32"),
        ("Short", "I16"),
        ("Char", "I8"),
        ("Byte", "U8"),
        ("Bool", "BOOL"),
    ];

    private static readonly (string Name, string Dtype)[] Dtypes =
    [
        ("float32", "F32"),
        ("float16", "F16"),
        ("bfloat16", "BF16"),
        ("float64", "F64"),
        ("int64", "I64"),
        ("int32", "I32"),
        ("int16", "I16"),
        ("int8", "I8"),
        ("uint8", "U8"),
        ("bool", "BOOL"),
        ("float8_e4m3fn", Float8.E4M3),
        ("float8_e5m2", Float8.E5M2),
        ("uint16", "U16"),
        ("uint32", "U32"),
        ("uint64", "U64"),
    ];

    /// <summary>Dictionaries of other kinds.</summary>
    private static readonly string[] Dictionaries =
    [
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.Counter",
        "builtins.dict",
        "__builtin__.dict",
        "torch.nn.modules.container.ParameterDict",
        "pytorch_lightning.utilities.parsing.AttributeDict",
        "lightning_fabric.utilities.data.AttributeDict",
        "lightning.fabric.utilities.data.AttributeDict",
    ];

    /// <summary>Lists of other kinds.</summary>
    private static readonly string[] Sequences =
    [
        "builtins.set",
        "__builtin__.set",
        "builtins.frozenset",
        "__builtin__.frozenset",
        "builtins.list",
        "__builtin__.list",
        "builtins.tuple",
        "__builtin__.tuple",
        "torch.Size",
    ];

    /// <summary>
    /// Plain data that Lightning's bookkeeping is made of in public checkpoints (Stable Diffusion's own .ckpt files
    /// have NumPy numbers in theirs). None of it is a weight.
    /// </summary>
    private static readonly string[] Opaque =
    [
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",
        "numpy.dtype",
        "_codecs.encode",
        "builtins.bytearray",
        "__builtin__.bytearray",
        "builtins.complex",
        "__builtin__.complex",
        "torch.device",
        "torch.serialization._get_layout",
        "argparse.Namespace",
    ];

    /// <summary>
    /// Modules and functions that act on the machine. Nothing is run here in any case; a file that wants one of
    /// them is refused as a whole, because other programs would run it.
    /// </summary>
    private static readonly string[] Attacks =
    [
        "os.",
        "posix.",
        "nt.",
        "sys.",
        "subprocess.",
        "shutil.",
        "socket.",
        "pty.",
        "runpy.",
        "importlib.",
        "ctypes.",
        "webbrowser.",
        "timeit.",
        "pdb.",
        "bdb.",
        "pip.",
        .. new[] { "eval", "exec", "execfile", "compile", "open", "input", "breakpoint", "__import__" }.SelectMany(
            name => new[] { $"builtins.{name}", $"__builtin__.{name}" }
        ),
    ];

    private static readonly Dictionary<string, PickleGlobal> Known = Table()
        .ToDictionary(global => global.Name, StringComparer.Ordinal);

    /// <summary>What a name means.</summary>
    public static PickleGlobal Find(string module, string name)
    {
        var whole = $"{module}.{name}";
        return Known.TryGetValue(whole, out var known)
            ? known
            : new ForeignGlobal(whole) { IsAttack = Array.Exists(Attacks, attack => Covers(attack, whole)) };

        static bool Covers(string attack, string whole) =>
            attack.EndsWith('.') ? whole.StartsWith(attack, StringComparison.Ordinal) : whole == attack;
    }

    private static IEnumerable<PickleGlobal> Table()
    {
        foreach (var (type, dtype) in Types)
        {
            yield return new StorageGlobal($"torch.{type}Storage", dtype);
            yield return new StorageGlobal($"torch.cuda.{type}Storage", dtype);
        }

        yield return new StorageGlobal("torch.UntypedStorage", null);
        yield return new StorageGlobal("torch.storage.UntypedStorage", null);
        foreach (var (name, dtype) in Dtypes)
        {
            yield return new DtypeGlobal($"torch.{name}", dtype);
        }

        yield return Tensors("torch._utils._rebuild_tensor", TorchTensors.Rebuild);
        yield return Tensors("torch._utils._rebuild_tensor_v2", TorchTensors.Rebuild);
        yield return Tensors("torch._utils._rebuild_tensor_v3", TorchTensors.RebuildTyped);
        yield return Tensors("torch._utils._rebuild_parameter", TorchTensors.OfParameter);
        yield return Tensors("torch._utils._rebuild_parameter_with_state", TorchTensors.OfParameter);
        yield return Tensors("torch._tensor._rebuild_from_type_v2", TorchTensors.OfType);
        // Classes that are only named, as arguments of the function before.
        yield return new CallableGlobal(
            "torch.Tensor",
            arguments =>
                throw new FormatException(
                    $"torch.Tensor is called with {arguments.Count} arguments, which no checkpoint does"
                )
        );
        yield return Tensors("torch.nn.parameter.Parameter", TorchTensors.OfParameter);
        foreach (var name in Dictionaries)
        {
            yield return new CallableGlobal(name, NewDictionary);
        }

        foreach (var name in Sequences)
        {
            yield return new CallableGlobal(
                name,
                arguments =>
                    arguments is [PickleSequence items, ..]
                        ? new PickleSequence([.. items.Items])
                        : new PickleSequence()
            );
        }

        foreach (var name in Opaque)
        {
            yield return new CallableGlobal(name, _ => OpaqueValue.Instance);
        }
    }

    /// <summary>
    /// A function that makes tensors; of what is foreign (a class of one's own, an unknown storage) it makes the
    /// same.
    /// </summary>
    private static CallableGlobal Tensors(string name, Func<IReadOnlyList<object?>, object?> make) =>
        new(name, arguments => arguments.OfType<ForeignGlobal>().FirstOrDefault() ?? make(arguments));

    /// <summary>
    /// A dictionary, from nothing, from another one, or from a list of pairs (as Python 2 wrote ordered ones).
    /// </summary>
    private static PickleDictionary NewDictionary(IReadOnlyList<object?> arguments)
    {
        var result = new PickleDictionary();
        switch (arguments)
        {
            case [PickleDictionary other]:
                foreach (var (key, value) in other.Entries)
                {
                    result.Set(key, value);
                }

                break;
            case [PickleSequence pairs]:
                foreach (var pair in pairs.Items)
                {
                    result.Set(
                        (pair as PickleSequence)?.Items is [var key, _] ? key : null,
                        (pair as PickleSequence)?.Items is [_, var value] ? value : null
                    );
                }

                break;
        }

        return result;
    }
}
