using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public sealed class SceneCacheTests : IDisposable
{
    private const int Size = 32;
    private static readonly long[] Seeds = [3, 4];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Batch_HasWhatTheSceneHas_AndTheSameMirrored()
    {
        using var scope = NewDisposeScope();
        using var cache = SceneCache.Open(_folder["scenes"], Size, Seeds);
        var truth = SceneRenderer.RenderTruth(Scene.FromSeed(Seeds[1]), Size);
        var batch = cache.Batch([(0, false), (1, false), (1, true)]);
        for (var i = 0; i < Size * Size; i++)
        {
            var (x, y) = (i % Size, i / Size);
            foreach (var (row, column, side) in new[] { (1, x, 1f), (2, Size - 1 - x, -1f) })
            {
                Assert.Equal(truth.Picture.Rgb[3 * i] / 127.5f - 1, batch.Pictures[row, 0, y, column].item<float>(), 1e-5f);
                var depth = batch.Depth[row, 0, y, column].item<float>();
                Assert.True(float.IsFinite(truth.Depth[i]) ? Math.Abs(MathF.Log(truth.Depth[i]) - depth) < 0.004f : float.IsPositiveInfinity(depth));
                Assert.Equal(side * truth.Normals[3 * i], batch.Normals[row, 0, y, column].item<float>(), 0.01f);
                Assert.Equal(truth.Normals[3 * i + 1], batch.Normals[row, 1, y, column].item<float>(), 0.01f);
                Assert.Equal(truth.Segmentation[i], EmbeddedClasses.All[(int)batch.Classes[row, y, column].item<long>()]);
                Assert.Equal(truth.Edges[i] ? 1 : 0, batch.Edges[row, 0, y, column].item<float>());
            }
        }
    }

    [Fact]
    public void Open_AFileOfOtherScenes_SaysHowManyItHas()
    {
        SceneCache.Open(_folder["scenes"], Size, Seeds).Dispose();
        SceneCache.Open(_folder["scenes"], Size, Seeds).Dispose();
        Assert.Contains("2 scenes", Assert.Throws<InvalidDataException>(() => SceneCache.Open(_folder["scenes"], Size, [1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EmbeddedClasses_AreTheClassesThatScenesHave()
    {
        var found = Enumerable.Range(0, 60).SelectMany(seed => SceneRenderer.RenderTruth(Scene.FromSeed(seed), 16).Segmentation).Distinct().ToList();
        Assert.Equal(EmbeddedClasses.All.Order().Distinct(), EmbeddedClasses.All);
        Assert.Empty(found.Except(EmbeddedClasses.All));
    }
}
