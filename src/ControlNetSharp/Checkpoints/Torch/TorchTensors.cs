namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// What PyTorch's functions for making tensors again would give, checked against the storage. Source: torch/_utils.py
/// of PyTorch 1.13 and 2.5.
/// </summary>
internal static class TorchTensors
{
    /// <summary>
    /// Elements that a tensor may have although its storage has fewer, which it then repeats, as
    /// <c>Tensor.expand</c> leaves masks and position numbers. No weight is stored like that, and without a limit
    /// six numbers could fill any memory.
    /// </summary>
    private const long MostRepeated = 1 << 22;

    /// <summary>
    /// _rebuild_tensor(storage, offset, size, stride) and _rebuild_tensor_v2(…, requires_grad, backward_hooks,
    /// metadata).
    /// </summary>
    /// <exception cref="FormatException">
    /// The arguments are not those, or the tensor does not lie inside its storage.
    /// </exception>
    public static object? Rebuild(IReadOnlyList<object?> arguments) =>
        arguments
            is [TorchStorage { Dtype: { } dtype } storage, long offset, PickleSequence size, PickleSequence stride, ..]
            ? View(storage, dtype, offset, Numbers(size), Numbers(stride))
            : throw new FormatException(
                $"a tensor is made of {Describe(arguments)} instead of storage, offset, size and stride"
            );

    /// <summary>
    /// _rebuild_tensor_v3(storage, offset, size, stride, requires_grad, backward_hooks, dtype, metadata): the storage
    /// is one of bytes.
    /// </summary>
    /// <exception cref="FormatException">
    /// The arguments are not those, or the tensor does not lie inside its storage.
    /// </exception>
    public static object? RebuildTyped(IReadOnlyList<object?> arguments) =>
        arguments
            is [
                TorchStorage storage,
                long offset,
                PickleSequence size,
                PickleSequence stride,
                _,
                _,
                DtypeGlobal type,
                ..,
            ]
            ? View(storage, type.Dtype, offset, Numbers(size), Numbers(stride))
            : throw new FormatException(
                $"a tensor is made of {Describe(arguments)} instead of storage, offset, size, stride, two others and a "
                    + "type"
            );

    /// <summary>_rebuild_parameter(data, requires_grad, backward_hooks): the data.</summary>
    /// <exception cref="FormatException">The first argument is no tensor.</exception>
    public static object? OfParameter(IReadOnlyList<object?> arguments) =>
        arguments is [TorchTensor data, ..]
            ? data
            : throw new FormatException($"a parameter is made of {Describe(arguments)} instead of a tensor");

    /// <summary>
    /// _rebuild_from_type_v2(function, class, arguments, state): what the function gives; attributes do not matter.
    /// </summary>
    /// <exception cref="FormatException">The function is not one that makes tensors.</exception>
    public static object? OfType(IReadOnlyList<object?> arguments) =>
        arguments
            is [
                CallableGlobal function,
                CallableGlobal { Name: "torch.Tensor" or "torch.nn.parameter.Parameter" },
                PickleSequence inner,
                ..,
            ]
        && function.Name.StartsWith("torch._utils.", StringComparison.Ordinal)
            ? function.Call(inner.Items)
            : throw new FormatException($"a tensor of another class is made of {Describe(arguments)}");

    private static TorchTensor View(TorchStorage storage, string dtype, long offset, long[] shape, long[] strides)
    {
        var capacity = storage.Length / SafetensorsFormat.BytesOf(dtype)!.Value;
        var what =
            $"a tensor of shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}] and offset "
            + $"{offset}";
        if (
            shape.Length != strides.Length
            || offset < 0
            || shape.Any(size => size < 0)
            || strides.Any(stride => stride < 0)
            || shape.Length > 64
        )
        {
            throw new FormatException($"{what} cannot be");
        }

        // Int128: hostile sizes must not wrap into the right number.
        var (elements, last, most) = ((Int128)1, (Int128)offset, Math.Max(capacity, MostRepeated));
        for (var d = 0; d < shape.Length && elements <= most; d++)
        {
            elements *= shape[d];
            last += (Int128)(shape[d] - 1) * strides[d];
        }

        var isEmpty = shape.Contains(0) && SafetensorsFormat.CanBeEmpty(shape);
        return isEmpty || (elements <= most && last < capacity)
            ? new TorchTensor(storage, dtype, isEmpty ? 0 : offset, shape, strides)
            : throw new FormatException($"{what} does not lie inside its storage of {capacity} elements");
    }

    private static long[] Numbers(PickleSequence sequence) =>
        [
            .. sequence.Items.Select(item =>
                item is long number ? number : throw new FormatException("a size or stride is not a number")
            ),
        ];

    private static string Describe(IReadOnlyList<object?> arguments) =>
        $"({string.Join(", ", arguments.Take(8).Select(argument => argument switch
    {
        null => "None",
        PickleGlobal global => global.Name,
        PickleSequence => "sequence",
        PickleDictionary => "dictionary",
        TorchStorage => "storage",
        TorchTensor => "tensor",
        string => "text",
        _ => "number",
    }))})";
}
