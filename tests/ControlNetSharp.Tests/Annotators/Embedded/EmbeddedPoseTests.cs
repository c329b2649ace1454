using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Evaluation;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.Embedded;

/// <summary>What the pose network is to learn is read back as the persons that it was made from.</summary>
public class EmbeddedPoseTests
{
    private const int Size = 256;

    [Fact]
    public void Find_InTheTargetsOfScenesWithPeople_FindsThem()
    {
        var agreement = new PoseAgreement();
        foreach (var seed in Enumerable.Range(0, 100).Where(seed => Scene.FromSeed(seed).Attributes.Kind == SceneKind.People).Take(8))
        {
            var truth = SceneRenderer.RenderTruth(Scene.FromSeed(seed), Size);
            agreement.Add(Find(truth.People, Size, Size), truth.Pose);
        }

        Assert.InRange(agreement.CorrectKeypoints, 0.95, 1);
    }

    [Fact]
    public void Find_AtAnotherSizeOfThePicture_ScalesThePoints()
    {
        var truth = SceneRenderer.RenderTruth(Scene.FromSeed(Enumerable.Range(0, 100).First(seed => Scene.FromSeed(seed).Attributes.Kind == SceneKind.People)), Size);
        var (small, large) = (Find(truth.People, Size, Size), Find(truth.People, 3 * Size, 2 * Size));
        Assert.NotEmpty(small.People);
        Assert.Equal(small.People.Count, large.People.Count);
        foreach (var (a, b) in small.People.SelectMany(p => p.Body).Zip(large.People.SelectMany(p => p.Body)).Where(pair => pair.First is not null && pair.Second is not null))
        {
            Assert.InRange(b!.Value.X, 3 * a!.Value.X - 3, 3 * a.Value.X + 5);
            Assert.InRange(b.Value.Y, 2 * a.Value.Y - 3, 2 * a.Value.Y + 4);
        }
    }

    [Fact]
    public void Find_InEmptyMaps_FindsNoPerson() => Assert.Empty(Find([], Size, Size).People);

    private static ControlNetSharp.Annotators.Poses.PoseKeypoints Find(IReadOnlyList<KeyPoint[]> people, int width, int height)
    {
        using var scope = NewDisposeScope();
        var targets = new PoseTargets(people, Size);
        const int Side = Size / PoseTargets.Stride;
        return new EmbeddedPose(tensor(targets.Parts, [1, 18, Side, Side]), tensor(targets.Limbs, [1, 38, Side, Side]), width, height).Find();
    }
}
