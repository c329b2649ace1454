using ControlNetSharp.Evaluation;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public class EvaluationScenesTests
{
    [Fact]
    public void Scenes_OfBothGroups_AreTakenOnce_InOrder_FromSeedsThatNoTrainingHas()
    {
        var scenes = EvaluationScenes.Of([SceneGroup.People, SceneGroup.Any], 5);
        Assert.Equal(scenes.Select(scene => scene.Seed).Distinct().Order(), scenes.Select(scene => scene.Seed));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => EvaluationScenes.FirstSeed + i), scenes.Where(scene => scene.Groups.Contains(SceneGroup.Any)).Select(scene => scene.Seed));
        var people = scenes.Where(scene => scene.Groups.Contains(SceneGroup.People)).ToList();
        Assert.Equal(5, people.Count);
        Assert.All(people, scene => Assert.Equal(SceneKind.People, Scene.FromSeed(scene.Seed).Attributes.Kind));
        Assert.True(new DatasetMakeOptions { Conditions = ["canny"], Scenes = 1, FirstSeed = EvaluationScenes.FirstSeed }.UsesReservedSeeds);
        Assert.True(new DatasetMakeOptions { Conditions = ["canny"], Scenes = 1, FirstSeed = EvaluationScenes.FirstRealSeed + 9_999 }.UsesReservedSeeds);
        Assert.Throws<ArgumentOutOfRangeException>(() => EvaluationScenes.Seeds(SceneGroup.Any, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => EvaluationScenes.Seeds(SceneGroup.Any, EvaluationScenes.Most + 1));
    }
}
