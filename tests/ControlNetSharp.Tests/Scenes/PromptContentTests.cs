using ControlNetSharp.Scenes;
using Xunit;

namespace ControlNetSharp.Tests.Scenes;

public class PromptContentTests
{
    [Theory]
    [InlineData("a blue cup and a red apple on a wooden table, by day", "cup, apple, table", "blue", SceneTime.Day)]
    [InlineData("an orange and a blue teapot on a wooden table", "orange, teapot, table", "blue", null)]
    [InlineData("an orange ball", "ball", "orange", null)]
    [InlineData("cartoon of an orange tree and a red pine tree in a field, in the evening light", "tree, pine tree, field", "orange", SceneTime.Sunset)]
    [InlineData("a person with red hair in a white sweater kicking a ball on the beach, fog, photo", "person, shirt, ball, sea", "white", SceneTime.Fog)]
    [InlineData("a photo of a brown tabby cat on a dark wooden table in the dark", "cat, table", "brown", SceneTime.Night)]
    [InlineData("a white house and trees, on a snowy day", "house, tree", "white", SceneTime.Snow)]
    [InlineData("Two Horses, hot-air balloons, above the hills", "horse, hot-air balloon, hills", null, null)]
    [InlineData("a spaceship of pure light", "", null, null)]
    [InlineData("", "", null, null)]
    public void Content_IsWhatThePromptNames(string prompt, string things, string? colour, SceneTime? time)
    {
        var content = PromptContent.Of(prompt);
        Assert.Equal(things, string.Join(", ", content.Things.Select(thing => SceneVocabulary.Things[thing])));
        Assert.Equal(colour, content.Colour is { } c ? SceneVocabulary.Colours[c] : null);
        Assert.Equal(time, content.Time);
    }

    [Fact]
    public void Vocabulary_HasAWordForEveryThingOfTheScenes_AndCaptionsNameSome()
    {
        var scenes = Enumerable.Range(0, 3000).Select(i => Scene.FromSeed(i)).ToList();
        Assert.All(scenes.SelectMany(scene => scene.Attributes.Things).Select(thing => thing.Name).Distinct(), name => Assert.NotNull(SceneVocabulary.ThingOf(name)));
        Assert.All(scenes, scene => Assert.True(PromptContent.Of(scene.Caption).Things.Count > 0, scene.Caption));
        // What a caption says of the time is what the scene has; a snowman stands in snow at any time.
        var told = scenes.Select(scene => (scene, PromptContent.Of(scene.Caption).Time)).Where(pair => pair.Time is not null && !pair.scene.Caption.Contains("snowman", StringComparison.Ordinal)).ToList();
        Assert.True(told.Count > 1500);
        Assert.All(told, pair => Assert.True(pair.scene.Attributes.Time == pair.Time, pair.scene.Caption));
        // Every thing is there in some scene.
        var seen = scenes.SelectMany(scene => SceneLabels.Of(scene).Things).ToHashSet();
        Assert.All(Enumerable.Range(0, SceneVocabulary.Things.Count), thing => Assert.True(seen.Contains(thing), SceneVocabulary.Things[thing]));
    }

    [Fact]
    public void Labels_HaveTheMainColour_AndWhatAThingImplies()
    {
        var woman = Enumerable.Range(0, 1000).Select(i => Scene.FromSeed(i)).First(scene => scene.Caption.Contains("a woman in a red dress", StringComparison.Ordinal));
        var labels = SceneLabels.Of(woman);
        string[] expected = ["person", "woman", "dress"];
        Assert.All(expected, thing => Assert.Contains(SceneVocabulary.ThingOf(thing)!.Value, labels.Things));
        Assert.Equal(woman.Attributes.Kind, labels.Kind);
    }
}
