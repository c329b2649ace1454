using System.Numerics;
using ControlNetSharp.Scenes;
using Xunit;

namespace ControlNetSharp.Tests.Scenes;

/// <summary>Depth, normals, classes and key points of rendered scenes fit each other and the picture.</summary>
public class SceneTruthTests
{
    private const int Size = 48;
    private const byte Sky = 2, Person = 12;
    private const int Classes = 150;

    /// <summary>The first five scenes of each kind.</summary>
    public static TheoryData<long> Seeds => [.. Enumerable.Range(0, 400).GroupBy(seed => Scene.FromSeed(seed).Attributes.Kind).SelectMany(kind => kind.Take(5)).Select(seed => (long)seed).Order()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RenderTruth_OfAScene_IsComplete(long seed)
    {
        var scene = Scene.FromSeed(seed);
        var (truth, again) = (SceneRenderer.RenderTruth(scene, Size), SceneRenderer.RenderTruth(Scene.FromSeed(seed), Size));
        Assert.Equal(SceneRenderer.Render(scene, Size).Bytes(), truth.Picture.Bytes());
        Assert.Equal(truth.Depth, again.Depth);
        Assert.Equal(truth.Normals, again.Normals);
        Assert.Equal(truth.Segmentation, again.Segmentation);
        Assert.Equal(truth.People, again.People);
        Assert.Equal(truth.Edges, again.Edges);
        Assert.Equal((Size * Size, 3 * Size * Size, Size * Size, Size * Size), (truth.Depth.Length, truth.Normals.Length, truth.Segmentation.Length, truth.Edges.Length));
        Assert.Contains(truth.Depth, float.IsFinite);
        Assert.True(truth.Segmentation.Distinct().Count() > 1);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void DepthNormalsAndClasses_OfEveryPixel_FitEachOther(long seed)
    {
        var scene = Scene.FromSeed(seed);
        var truth = SceneRenderer.RenderTruth(scene, Size);
        for (var i = 0; i < truth.Depth.Length; i++)
        {
            var (depth, normal, kind) = (truth.Depth[i], Normal(truth, i), truth.Segmentation[i]);
            var what = $"pixel {i % Size}, {i / Size}: depth {depth}, normal {normal}, class {kind}";
            Assert.True(depth > 0, what);
            Assert.True(kind < Classes, what);
            // Smoke belongs to the sky, but it has a place.
            Assert.True(float.IsFinite(depth) || kind == Sky, what);
            Assert.True(!float.IsFinite(depth) || kind != Sky || scene.Attributes.Kind == SceneKind.Curiosity, what);
            Assert.True(float.IsFinite(depth) ? Math.Abs(normal.Length() - 1) < 1e-4 : normal == Vector3.Zero, what);
            Assert.True(Vector3.Dot(normal, Ray(scene, i)) <= 1e-4, $"{what} looks away from the camera");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Edges_LieOnBothSides_OfEveryChangeBetweenSkyAndWorld(long seed)
    {
        var truth = SceneRenderer.RenderTruth(Scene.FromSeed(seed), Size);
        for (var i = 0; i + 1 < truth.Depth.Length; i++)
        {
            if ((i + 1) % Size != 0 && float.IsFinite(truth.Depth[i]) != float.IsFinite(truth.Depth[i + 1]))
            {
                Assert.True(truth.Edges[i] && truth.Edges[i + 1], $"pixel {i % Size}, {i / Size}");
            }
        }

        Assert.True(truth.Edges.Count(edge => edge) < 0.8 * truth.Edges.Length);
    }

    [Fact]
    public void Normals_OnFlatSurfaces_AreThoseOfTheDepth()
    {
        var (flat, agreeing) = (0, 0);
        foreach (var row in Seeds)
        {
            var scene = Scene.FromSeed(row.Data);
            var truth = SceneRenderer.RenderTruth(scene, Size);
            var drawing = new Drawing(scene, Size);
            drawing.Trace();
            for (var i = 0; i + Size < truth.Depth.Length; i++)
            {
                foreach (var next in i % Size < Size - 1 ? new[] { i + 1, i + Size } : [i + Size])
                {
                    if (drawing.Seen[i].Solid < 0 || drawing.Seen[i].Solid != drawing.Seen[next].Solid || Vector3.Distance(Normal(truth, i), Normal(truth, next)) > 1e-5)
                    {
                        continue;
                    }

                    var step = Ray(scene, next) * truth.Depth[next] - Ray(scene, i) * truth.Depth[i];
                    flat++;
                    agreeing += Math.Abs(Vector3.Dot(Normal(truth, i), Vector3.Normalize(step))) < 0.01 ? 1 : 0;
                }
            }
        }

        // A round surface, too, has neighbours with all but the same normal, where few pixels show a step of it.
        Assert.True(flat > 10_000, $"{flat} flat pairs of pixels");
        Assert.True(agreeing > 0.999 * flat, $"{agreeing} of {flat} pairs of pixels agree");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Truth_AtThreeTimesTheSize_IsTheSameWorld(long seed)
    {
        var scene = Scene.FromSeed(seed);
        var (small, large) = (SceneRenderer.RenderTruth(scene, Size), SceneRenderer.RenderTruth(scene, 3 * Size));
        // The middle of 3 x 3 pixels is the same ray; at an edge, rounding may send it to the other side.
        var same = Enumerable.Range(0, Size * Size).Count(i =>
        {
            var j = (3 * (i / Size) + 1) * 3 * Size + 3 * (i % Size) + 1;
            return small.Segmentation[i] == large.Segmentation[j] && (small.Depth[i] == large.Depth[j] || Math.Abs(small.Depth[i] - large.Depth[j]) < 1e-3f * small.Depth[i]);
        });
        Assert.True(same > 0.99 * Size * Size, $"{same} of {Size * Size} pixels are the same");
        Assert.Equal(small.People.Count, large.People.Count);
        foreach (var (a, b) in small.People.SelectMany(p => p).Zip(large.People.SelectMany(p => p)))
        {
            Assert.True(a.Visible == b.Visible && Math.Abs(3 * a.X - b.X) < 0.01 * Size && Math.Abs(3 * a.Y - b.Y) < 0.01 * Size, $"{a} and {b}");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void KeyPoints_ThatAreVisible_LieOnAPersonInThePicture(long seed)
    {
        var scene = Scene.FromSeed(seed);
        var truth = SceneRenderer.RenderTruth(scene, Size);
        Assert.All(truth.People, person => Assert.Equal(18, person.Length));
        foreach (var point in truth.People.SelectMany(person => person).Where(point => point.Visible))
        {
            Assert.True(point.X >= 0 && point.X < Size && point.Y >= 0 && point.Y < Size, $"{point}");
            var around = Enumerable.Range(-1, 3).SelectMany(dy => Enumerable.Range(-1, 3).Select(dx => (X: (int)point.X + dx, Y: (int)point.Y + dy)))
                .Where(p => p.X >= 0 && p.X < Size && p.Y >= 0 && p.Y < Size);
            Assert.True(around.Any(p => truth.Segmentation[p.Y * Size + p.X] == Person), $"No person is seen at {point}.");
        }
    }

    [Fact]
    public void PeopleScenes_ShowPeopleWithVisibleKeyPoints()
    {
        foreach (var scene in Enumerable.Range(0, 60).Select(seed => Scene.FromSeed(seed)).Where(scene => scene.Attributes.Kind == SceneKind.People))
        {
            var truth = SceneRenderer.RenderTruth(scene, Size);
            Assert.InRange(truth.People.Count, 1, 3);
            Assert.Contains(Person, truth.Segmentation);
            Assert.True(truth.People.Max(person => person.Count(point => point.Visible)) >= 4, $"seed {scene.Seed}: {scene.Caption}");
        }
    }

    private static Vector3 Normal(SceneTruth truth, int i) => new(truth.Normals[3 * i], truth.Normals[3 * i + 1], truth.Normals[3 * i + 2]);

    /// <summary>The ray through a pixel's centre in camera space, one metre of depth long.</summary>
    private static Vector3 Ray(Scene scene, int i) => scene.Camera.ToView(scene.Camera.Ray((i % Size + 0.5f) / Size, (i / Size + 0.5f) / Size));
}
