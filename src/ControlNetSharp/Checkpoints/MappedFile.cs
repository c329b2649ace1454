using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A file that is open for reading. What is looked at (headers, pickles, directories) is mapped into memory; numbers
/// are read straight to where they belong (<see cref="Read"/>), because pages of a mapping
/// that were touched would count as memory of the process beside the tensors that they were copied to.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly SafeFileHandle _handle;

    private MappedFile(string path, long length, MemoryMappedFile map, SafeFileHandle handle)
    {
        (Path, Length, _map, _handle, _view) = (
            path,
            length,
            map,
            handle,
            map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read)
        );
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>Its size in bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="CheckpointException">It cannot be opened or is empty.</exception>
    public static MappedFile Open(string path)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            try
            {
                var length = stream.Length;
                // An empty file cannot be mapped.
                return length == 0
                    ? throw new CheckpointException(
                        path,
                        "not a safetensors file and no PyTorch file: it has 0 bytes, while the header length alone "
                            + "takes 8."
                    )
                    : new MappedFile(
                        path,
                        length,
                        MemoryMappedFile.CreateFromFile(
                            stream,
                            null,
                            0,
                            MemoryMappedFileAccess.Read,
                            HandleInheritability.None,
                            leaveOpen: false
                        ),
                        stream.SafeFileHandle
                    );
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be opened: {e.Message}", innerException: e);
        }
    }

    /// <summary>Bytes of the file, without a copy; valid until the file is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They lie outside the file.</exception>
    public ReadOnlySpan<byte> Bytes(long position, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - position);
        return new ReadOnlySpan<byte>(_start + position, count);
    }

    /// <summary>Reads bytes until the target is full.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They lie outside the file.</exception>
    /// <exception cref="CheckpointException">The file became shorter, or the disk fails.</exception>
    public void Read(long position, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target.Length, Length - position);
        try
        {
            while (target.Length > 0)
            {
                var count = RandomAccess.Read(_handle, target, position);
                if (count == 0)
                {
                    throw new CheckpointException(
                        Path,
                        $"it ends at byte {position}; it had {Length} bytes when it was opened."
                    );
                }

                target = target[count..];
                position += count;
            }
        }
        catch (IOException e)
        {
            throw new CheckpointException(Path, $"it cannot be read: {e.Message}", innerException: e);
        }
    }

    /// <summary>A stream over a part of the file.</summary>
    public Stream Stream(long position, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - position);
        return new UnmanagedMemoryStream(_start + position, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
