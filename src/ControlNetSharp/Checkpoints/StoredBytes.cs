using System.IO.Compression;

namespace ControlNetSharp.Checkpoints;

/// <summary>The bytes of one or several tensors, wherever a file keeps them.</summary>
internal abstract class StoredBytes
{
    /// <summary>How many bytes there are.</summary>
    public abstract long Length { get; }

    /// <summary>Copies bytes from <paramref name="offset"/> on until the target is full.</summary>
    public abstract void CopyTo(long offset, Span<byte> target);
}

/// <summary>Bytes that lie in the file as they are.</summary>
internal sealed class MappedBytes(MappedFile file, long begin, long length) : StoredBytes
{
    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override void CopyTo(long offset, Span<byte> target) => file.Read(begin + offset, target);
}

/// <summary>Bytes that lie in the file deflated, as an archive tool that compressed a checkpoint leaves them.</summary>
internal sealed class DeflatedBytes(MappedFile file, string name, long begin, long compressed, long length)
    : StoredBytes
{
    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">The data is damaged or shorter than the archive says.</exception>
    public override void CopyTo(long offset, Span<byte> target)
    {
        try
        {
            using var stream = new DeflateStream(file.Stream(begin, compressed), CompressionMode.Decompress);
            var skipped = new byte[Math.Min(1 << 16, offset)];
            for (var rest = offset; rest > 0; rest -= Math.Min(rest, skipped.Length))
            {
                stream.ReadExactly(skipped.AsSpan(0, (int)Math.Min(rest, skipped.Length)));
            }

            stream.ReadExactly(target);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new CheckpointException(
                file.Path,
                $"the archive's entry '{name}' cannot be unpacked to the {length} bytes that it should have: "
                    + $"{e.Message}",
                innerException: e
            );
        }
    }
}
