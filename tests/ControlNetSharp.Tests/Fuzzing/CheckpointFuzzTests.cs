using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Damaged copies of the container goldens, drawn from a fixed seed: each is read or refused with a <see cref="CheckpointException"/>, and nothing else happens.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private const int Mutations = 300;
    private const long MostBytes = 256L << 20;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> IoFiles => Goldens.Files("io_*.safetensors", "io_*.pth", "io_*.ckpt");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(IoFiles))]
    public void Open_OfMutatedGoldens_ReadsOrRefuses(string name)
    {
        var original = File.ReadAllBytes(Goldens.Require(name));
        var path = _folder["mutated"];
        for (var seed = 0; seed < Mutations; seed++)
        {
            File.WriteAllBytes(path, Mutate(original, new Random(seed)));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(path);
            }
            catch (CheckpointException e)
            {
                Assert.Equal(path, e.File);
            }
            catch (Exception e)
            {
                Assert.Fail($"{name}, seed {seed}: {e}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < MostBytes, $"{name}, seed {seed}: {allocated} bytes were allocated for a file of {original.Length}.");
        }
    }

    private static void ReadAll(string path)
    {
        using var scope = NewDisposeScope();
        using var files = CheckpointFiles.Open(path);
        foreach (var (tensor, shape) in files.Shapes)
        {
            var size = shape.Aggregate(1L, (product, s) => product * s);
            Assert.True(size <= new FileInfo(path).Length, $"{tensor} has {size} elements.");
            files.Read(tensor).Dispose();
        }
    }

    /// <summary>Bytes changed, removed, doubled, or replaced by large numbers.</summary>
    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var change = random.Next(1, 4); change > 0 && bytes.Count > 16; change--)
        {
            var at = random.Next(bytes.Count - 8);
            var count = Math.Min(random.Next(1, 64), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, count);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, count));
                    break;
                case 4:
                    var large = BitConverter.GetBytes(random.NextInt64());
                    for (var i = 0; i < 1 << random.Next(4); i++)
                    {
                        bytes[at + i] = random.Next(2) == 0 ? (byte)0xFF : large[i];
                    }

                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
