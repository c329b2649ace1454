using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// One tensor as it lies in a file: where, in which type and shape. Nothing is read before somebody asks; then it goes
/// piece by piece straight to its final type and place.
/// </summary>
/// <param name="File">The file's path, for messages.</param>
/// <param name="Name">Its name in the file, for messages.</param>
/// <param name="Dtype">Element type in the words of safetensors: F32, BF16, F16, I64, ….</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Bytes">What it is part of.</param>
/// <param name="Begin">Its first byte in there.</param>
/// <param name="Strides">
/// Elements from one index to the next in each dimension; null where the elements follow each other in row-major order.
/// </param>
internal sealed record StoredTensor(
    string File,
    string Name,
    string Dtype,
    IReadOnlyList<long> Shape,
    StoredBytes Bytes,
    long Begin,
    IReadOnlyList<long>? Strides = null
)
{
    private const int PieceElements = 1 << 22;

    /// <summary>
    /// Tensors that are stacked in the first dimension and make up this one; null where it lies in the file as a whole.
    /// </summary>
    private IReadOnlyList<StoredTensor>? Parts { get; init; }

    /// <summary>What the stored numbers are multiplied by when they are read; null for nothing.</summary>
    public double? Scale { get; init; }

    /// <summary>Whether <see cref="ReadRaw"/> gives all that is stored, beside <see cref="Scale"/>.</summary>
    public bool HasRaw => Parts is null || Parts.All(part => part.Scale is null && part.HasRaw);

    /// <summary>Number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>One tensor of several, stacked in the first dimension.</summary>
    /// <exception cref="CheckpointException">Their types or their other dimensions differ.</exception>
    public static StoredTensor Stacked(IReadOnlyList<StoredTensor> parts)
    {
        var first = parts[0];
        if (
            parts.FirstOrDefault(part =>
                part.Dtype != first.Dtype
                || part.Shape.Count == 0
                || !part.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1))
            ) is
            { } other
        )
        {
            throw new CheckpointException(
                other.File,
                $"the tensors '{first.Name}' ({first.Dtype} [{string.Join(", ", first.Shape)}]) and '{other.Name}' "
                    + $"({other.Dtype} [{string.Join(", ", other.Shape)}]) cannot be stacked.",
                [first.Name, other.Name]
            );
        }

        return first with
        {
            Shape = [parts.Sum(part => part.Shape[0]), .. first.Shape.Skip(1)],
            Strides = null,
            Scale = null,
            Parts = parts,
        };
    }

    /// <summary>A third of its rows: the query, key or value part of a stacked projection.</summary>
    /// <param name="index">0 to 2.</param>
    /// <exception cref="CheckpointException">It cannot be divided by three.</exception>
    public StoredTensor Third(int index)
    {
        if (Parts is not null)
        {
            return Parts[index];
        }

        var rows =
            Shape.Count > 0 && Shape[0] % 3 == 0
                ? Shape[0] / 3
                : throw new CheckpointException(
                    File,
                    $"the tensor '{Name}' of shape [{string.Join(", ", Shape)}] should stack three projections.",
                    [Name]
                );
        var elements = rows * (Strides?[0] ?? Shape.Skip(1).Aggregate(1L, (product, size) => product * size));
        return this with { Shape = [rows, .. Shape.Skip(1)], Begin = Begin + index * elements * ElementBytes };
    }

    /// <summary>The same numbers as a matrix whose rows are the columns of this one.</summary>
    public StoredTensor Transposed() =>
        Shape.Count != 2
            ? this
            : this with
            {
                Shape = [Shape[1], Shape[0]],
                Strides = Strides is [var down, var right] ? [right, down] : [1, Shape[1]],
            };

    /// <summary>The same numbers as a 1×1 convolution, if they are a matrix.</summary>
    public StoredTensor AsConvolution() =>
        Shape.Count != 2
            ? this
            : this with
            {
                Shape = [.. Shape, 1, 1],
                Strides = Strides is null ? null : [.. Strides, 1, 1],
            };

    /// <summary>The same numbers as a matrix, if they are a 1×1 convolution.</summary>
    public StoredTensor AsMatrix() =>
        Shape is not [var rows, var columns, 1, 1]
            ? this
            : this with
            {
                Shape = [rows, columns],
                Strides = Strides is null ? null : [.. Strides.Take(2)],
            };

    private int ElementBytes => SafetensorsFormat.BytesOf(Dtype)!.Value;

    /// <summary>
    /// Reads it on the CPU, in <paramref name="dtype"/> or its own type (8-bit floats as float32). Fresh, owned by the
    /// caller.
    /// </summary>
    public Tensor Read(ScalarType? dtype = null)
    {
        var result = empty([.. Shape], dtype: dtype ?? SafetensorsFormat.ReadTypeOf(Dtype), device: CPU);
        ReadInto(result);
        return result;
    }

    /// <summary>Copies it into a tensor of the same shape, converting it to the target's type and device.</summary>
    /// <exception cref="CheckpointException">The target has another shape.</exception>
    public void ReadInto(Tensor target)
    {
        if (!Shape.SequenceEqual(target.shape))
        {
            throw new CheckpointException(
                File,
                $"the tensor '{Name}' has shape [{string.Join(", ", Shape)}]; [{string.Join(", ", target.shape)}] was "
                    + "expected.",
                [Name]
            );
        }

        if (Elements == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        if (Parts is not null)
        {
            var row = 0L;
            foreach (var part in Parts)
            {
                part.ReadInto(target.narrow(0, row, part.Shape[0]));
                row += part.Shape[0];
            }

            return;
        }

        if (Strides is { } strides)
        {
            target.copy_(
                Staged(0, Extent(strides), SafetensorsFormat.TypeOf(Dtype)).as_strided([.. Shape], [.. strides], 0)
            );
        }
        else
        {
            var flat = target.is_contiguous() ? target.view(-1) : null;
            var contiguous = flat ?? empty([Elements], dtype: target.dtype, device: target.device);
            ReadPieces(contiguous);
            if (flat is null)
            {
                target.copy_(contiguous.view([.. Shape]));
            }
        }

        if (Scale is { } scale)
        {
            target.copy_(target.Times(scale));
        }
    }

    /// <summary>
    /// Its elements in row-major order, byte for byte as they are stored: a contiguous tensor of integers of the same
    /// size. Fresh, owned by the caller.
    /// </summary>
    public Tensor ReadRaw()
    {
        using var scope = NewDisposeScope();
        var type = SafetensorsFormat.RawTypeOf(Dtype);
        if (Elements == 0)
        {
            return empty([.. Shape], dtype: type).MoveToOuterDisposeScope();
        }

        if (Parts is not null)
        {
            return cat([.. Parts.Select(part => part.ReadRaw())]).MoveToOuterDisposeScope();
        }

        if (Strides is { } strides)
        {
            return Staged(0, Extent(strides), type)
                .as_strided([.. Shape], [.. strides], 0)
                .contiguous()
                .MoveToOuterDisposeScope();
        }

        var result = empty([Elements], dtype: type, device: CPU);
        foreach (var (start, count) in Pieces())
        {
            Copy(start, result.narrow(0, start, count));
        }

        return result.view([.. Shape]).MoveToOuterDisposeScope();
    }

    private void ReadPieces(Tensor flat)
    {
        foreach (var (start, count) in Pieces())
        {
            using var piece = NewDisposeScope();
            var part = flat.narrow(0, start, count);
            if (flat.dtype == SafetensorsFormat.TypeOf(Dtype) && flat.device_type == TorchSharp.DeviceType.CPU)
            {
                Copy(start, part);
                // Bytes that are written past libtorch are no change to it, this is:
                // what was made of the old ones (PaddedWeight) is made again.
                part.narrow(0, 0, 0).zero_();
            }
            else
            {
                part.copy_(Staged(start, count, SafetensorsFormat.TypeOf(Dtype)));
            }
        }
    }

    /// <summary>
    /// Elements from the file on the CPU, in the given type of the same size, or decoded where there is none.
    /// </summary>
    private Tensor Staged(long start, long count, ScalarType? type)
    {
        if (type is { } same)
        {
            var staging = empty([count], dtype: same, device: CPU);
            Copy(start, staging);
            return staging;
        }

        var bytes = new byte[checked(count * ElementBytes)];
        Bytes.CopyTo(Begin + start * ElementBytes, bytes);
        try
        {
            return SafetensorsFormat.Decode(Dtype, bytes);
        }
        catch (OverflowException e)
        {
            throw new CheckpointException(
                File,
                $"the tensor '{Name}' of dtype {Dtype} has a value above {long.MaxValue}.",
                [Name],
                e
            );
        }
    }

    private void Copy(long start, Tensor target)
    {
        if (target.numel() > PieceElements)
        {
            // A span ends at 2 GiB.
            foreach (var (first, count) in Pieces(target.numel()))
            {
                Copy(start + first, target.narrow(0, first, count));
            }

            return;
        }

        Bytes.CopyTo(Begin + start * ElementBytes, target.bytes);
    }

    private IEnumerable<(long Start, long Count)> Pieces() => Pieces(Elements);

    private static IEnumerable<(long Start, long Count)> Pieces(long elements)
    {
        for (var start = 0L; start < elements; start += PieceElements)
        {
            yield return (start, Math.Min(PieceElements, elements - start));
        }
    }

    private long Extent(IReadOnlyList<long> strides) =>
        1 + Shape.Zip(strides, (size, stride) => (size - 1) * stride).Sum();
}
