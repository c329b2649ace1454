using System.IO.MemoryMappedFiles;
using System.Text.Json;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// Rendered scenes with their ground truth on the disk, memory-mapped, so that training reads them at memory speed: ten
/// bytes a pixel, and the key points of persons beside them.
/// </summary>
public sealed class SceneCache : IDisposable
{
    // For each pixel: three bytes of colour, a 16-bit logarithm of the depth, three signed bytes of the direction, a
    // byte of the class, a byte of the edge.
    private const int BytesPerPixel = 10;
    private const int ClassPlane = 8;
    private const float NormalScale = 127;

    /// <summary>Parts of a body, mirrored: right and left change places.</summary>
    private static readonly int[] MirroredParts = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16];

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly KeyPoint[][][] _people;

    private SceneCache(string path, int size, KeyPoint[][][] people)
    {
        (Size, _people) = (size, people);
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>Width and height of every picture.</summary>
    public int Size { get; }

    /// <summary>Number of scenes.</summary>
    public int Count => _people.Length;

    private int Plane => Size * Size;

    /// <summary>Opens a cache; makes it first, on all cores, if it is not there.</summary>
    /// <param name="path">The file; key points lie beside it in a file ending in .json.</param>
    /// <param name="size">Width and height, a multiple of 16.</param>
    /// <param name="seeds">The scenes.</param>
    /// <exception cref="InvalidDataException">The file holds another number of scenes or another size.</exception>
    public static SceneCache Open(string path, int size, IReadOnlyList<long> seeds)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        if (!File.Exists(path))
        {
            Make(path, size, seeds);
        }

        var people = JsonSerializer.Deserialize<float[][][]>(File.ReadAllBytes(path + ".json"))!;
        var expected = (long)seeds.Count * size * size * BytesPerPixel;
        return new FileInfo(path).Length == expected && people.Length == seeds.Count
            ? new SceneCache(
                path,
                size,
                [
                    .. people.Select(scene =>
                        scene
                            .Select(person => person.Chunk(3).Select(p => new KeyPoint(p[0], p[1], p[2] > 0)).ToArray())
                            .ToArray()
                    ),
                ]
            )
            : throw new InvalidDataException(
                $"{path} has {new FileInfo(path).Length} bytes and key points of {people.Length} scenes; {seeds.Count} "
                    + $"scenes of {size} x {size} take {expected} bytes. Delete it to make it again."
            );
    }

    /// <summary>Scenes as a batch.</summary>
    /// <param name="scenes">Which scenes, and whether each is mirrored.</param>
    public SceneBatch Batch(IReadOnlyList<(int Index, bool Mirrored)> scenes)
    {
        ArgumentNullException.ThrowIfNull(scenes);
        using var scope = NewDisposeScope();
        var count = scenes.Count;
        var (rgb, depth, normals, classes, edges) = (
            new byte[count * 3 * Plane],
            new Half[count * Plane],
            new sbyte[count * 3 * Plane],
            new byte[count * Plane],
            new byte[count * Plane]
        );
        var (parts, limbs) = (new List<float>(), new List<float>());
        foreach (var (row, (index, mirrored)) in scenes.Index())
        {
            var from = (long)index * Plane * BytesPerPixel;
            from += _view.ReadArray(from, rgb, row * 3 * Plane, 3 * Plane);
            from += 2 * _view.ReadArray(from, depth, row * Plane, Plane);
            from += _view.ReadArray(from, normals, row * 3 * Plane, 3 * Plane);
            from += _view.ReadArray(from, classes, row * Plane, Plane);
            _view.ReadArray(from, edges, row * Plane, Plane);
            var targets = new PoseTargets(mirrored ? _people[index].Select(Mirrored) : _people[index], Size);
            parts.AddRange(targets.Parts);
            limbs.AddRange(targets.Limbs);
        }

        var flipped = tensor(scenes.Select(scene => scene.Mirrored).ToArray()).view(-1, 1, 1, 1);
        Tensor Mirror(Tensor map) => where(flipped, map.flip(3), map);
        var side = Size / PoseTargets.Stride;
        var directions = Mirror(
            tensor(normals, [count, Size, Size, 3]).permute(0, 3, 1, 2).to(ScalarType.Float32).Over(NormalScale)
        );
        var turned = where(flipped, directions * tensor(new[] { -1f, 1, 1 }).view(1, 3, 1, 1), directions);
        return new(
            Mirror(tensor(rgb, [count, Size, Size, 3]).permute(0, 3, 1, 2).to(ScalarType.Float32).Over(127.5).Minus(1))
                .contiguous()
                .MoveToOuterDisposeScope(),
            Mirror(tensor(Array.ConvertAll(depth, value => (float)value), [count, 1, Size, Size]))
                .MoveToOuterDisposeScope(),
            turned.contiguous().MoveToOuterDisposeScope(),
            Mirror(tensor(classes, [count, 1, Size, Size])).squeeze(1).to(ScalarType.Int64).MoveToOuterDisposeScope(),
            Mirror(tensor(edges, [count, 1, Size, Size])).to(ScalarType.Float32).MoveToOuterDisposeScope(),
            tensor(parts.ToArray(), [count, parts.Count / (count * side * side), side, side]).MoveToOuterDisposeScope(),
            tensor(limbs.ToArray(), [count, limbs.Count / (count * side * side), side, side]).MoveToOuterDisposeScope()
        );
    }

    /// <summary>Counts the pixels of each class in each scene, on all cores.</summary>
    /// <returns>A row a scene, in each a number for each of <see cref="EmbeddedClasses.All"/>.</returns>
    public IReadOnlyList<int[]> ClassPixels()
    {
        var counts = new int[Count][];
        SideBySide.ForEach(
            Enumerable.Range(0, Count),
            Environment.ProcessorCount,
            (scene, _) =>
            {
                var classes = new byte[Plane];
                _view.ReadArray(((long)scene * BytesPerPixel + ClassPlane) * Plane, classes, 0, Plane);
                counts[scene] = new int[EmbeddedClasses.All.Count];
                foreach (var index in classes)
                {
                    counts[scene][index]++;
                }
            },
            CancellationToken.None
        );
        return counts;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private KeyPoint[] Mirrored(KeyPoint[] person) =>
        [.. MirroredParts.Select(part => person[part] with { X = Size - 1 - person[part].X })];

    private static void Make(string path, int size, IReadOnlyList<long> seeds)
    {
        const int Chunk = 64;
        var people = new float[seeds.Count][][];
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (var stream = File.Create(temporary))
        {
            for (var first = 0; first < seeds.Count; first += Chunk)
            {
                var scenes = new byte[Math.Min(Chunk, seeds.Count - first)][];
                SideBySide.ForEach(
                    Enumerable.Range(0, scenes.Length),
                    Environment.ProcessorCount,
                    (i, _) =>
                    {
                        var truth = SceneRenderer.RenderTruth(Scene.FromSeed(seeds[first + i]), size);
                        scenes[i] = Packed(truth);
                        people[first + i] =
                        [
                            .. truth.People.Select(person =>
                                person.SelectMany(p => new[] { p.X, p.Y, p.Visible ? 1 : 0 }).ToArray()
                            ),
                        ];
                    },
                    CancellationToken.None
                );
                foreach (var scene in scenes)
                {
                    stream.Write(scene);
                }
            }
        }

        File.WriteAllBytes(path + ".json", JsonSerializer.SerializeToUtf8Bytes(people));
        File.Move(temporary, path, overwrite: true);
    }

    private static byte[] Packed(SceneTruth truth)
    {
        var outputs = new byte[256];
        foreach (var (output, label) in EmbeddedClasses.All.Index())
        {
            outputs[label] = (byte)output;
        }

        return
        [
            .. truth.Picture.Rgb,
            .. truth.Depth.SelectMany(metres => BitConverter.GetBytes((Half)MathF.Log(metres))),
            .. truth.Normals.Select(component => unchecked((byte)(sbyte)MathF.Round(component * NormalScale))),
            .. truth.Segmentation.Select(label => outputs[label]),
            .. truth.Edges.Select(edge => edge ? (byte)1 : (byte)0),
        ];
    }
}
