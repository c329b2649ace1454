using System.IO.MemoryMappedFiles;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// Square pictures and their captions on the disk, memory-mapped, so that training reads them at memory speed and
/// another run need not make them again.
/// </summary>
public sealed class PictureCache : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private PictureCache(string path, int size, string[] captions)
    {
        (Size, Captions) = (size, captions);
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>Width and height of every picture.</summary>
    public int Size { get; }

    /// <summary>One caption for each picture.</summary>
    public IReadOnlyList<string> Captions { get; }

    /// <summary>Number of pictures.</summary>
    public int Count => Captions.Count;

    private int PictureBytes => Size * Size * 3;

    /// <summary>Opens a cache; makes it first, on all cores, if it is not there.</summary>
    /// <param name="path">The file of pixels; captions lie beside it in a file ending in .txt.</param>
    /// <param name="size">Width and height.</param>
    /// <param name="count">Number of pictures.</param>
    /// <param name="make">Makes picture number i and its caption.</param>
    /// <exception cref="InvalidDataException">The file holds another number of pictures or another size.</exception>
    public static PictureCache Open(string path, int size, int count, Func<int, (Picture Picture, string Caption)> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        if (!File.Exists(path))
        {
            Make(path, size, count, make);
        }

        var captions = File.ReadAllLines(path + ".txt");
        var expected = (long)count * size * size * 3;
        if (new FileInfo(path).Length != expected || captions.Length != count)
        {
            throw new InvalidDataException(
                $"{path} has {new FileInfo(path).Length} bytes and {captions.Length} captions; {count} pictures of "
                    + $"{size} x {size} take {expected} bytes. Delete it to make it again."
            );
        }

        return new PictureCache(path, size, captions);
    }

    /// <summary>The pixels of one picture.</summary>
    public Picture Picture(int index)
    {
        var rgb = new byte[PictureBytes];
        _view.ReadArray((long)index * PictureBytes, rgb, 0, rgb.Length);
        return Pictures.Picture.Owning(Size, Size, rgb);
    }

    /// <summary>Pictures as a batch.</summary>
    /// <param name="indices">Which pictures.</param>
    /// <param name="flipped">Which of them are mirrored; null for none.</param>
    /// <returns>[B, 3, Size, Size], float32, −1..1.</returns>
    public Tensor Batch(IReadOnlyList<int> indices, IReadOnlyList<bool>? flipped = null)
    {
        ArgumentNullException.ThrowIfNull(indices);
        using var scope = NewDisposeScope();
        var bytes = new byte[indices.Count * PictureBytes];
        for (var i = 0; i < indices.Count; i++)
        {
            _view.ReadArray((long)indices[i] * PictureBytes, bytes, i * PictureBytes, PictureBytes);
        }

        var pictures = tensor(bytes, [indices.Count, Size, Size, 3])
            .permute(0, 3, 1, 2)
            .to(ScalarType.Float32)
            .Over(127.5)
            .Minus(1);
        if (flipped is not null)
        {
            pictures = where(tensor(flipped.ToArray()).view(-1, 1, 1, 1), pictures.flip(3), pictures);
        }

        return pictures.contiguous().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private static void Make(string path, int size, int count, Func<int, (Picture Picture, string Caption)> make)
    {
        const int Chunk = 256;
        var captions = new string[count];
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (var stream = File.Create(temporary))
        {
            for (var first = 0; first < count; first += Chunk)
            {
                var pictures = new byte[Math.Min(Chunk, count - first)][];
                Parallel.For(
                    0,
                    pictures.Length,
                    i =>
                    {
                        var (picture, caption) = make(first + i);
                        (pictures[i], captions[first + i]) = (picture.Rgb.ToArray(), caption);
                    }
                );
                foreach (var picture in pictures)
                {
                    stream.Write(picture);
                }
            }
        }

        File.WriteAllLines(path + ".txt", captions);
        File.Move(temporary, path, overwrite: true);
    }
}
