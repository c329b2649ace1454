using ControlNetSharp.Evaluation;
using ControlNetSharp.Scenes;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public class FidelityTallyTests
{
    [Fact]
    public void Counts_AreOfWhatPromptsName_AndOfWhatLabelsSay()
    {
        var tally = new FidelityTally();
        Assert.Null(tally.Named.Value);
        // Cup, no apple; the right colour, another time.
        tally.Add(1, Seen(SceneTime.Day, "blue", "cup", "table"), PromptContent.Of("a blue cup and an apple at night"), null);
        Assert.Equal(2 / 4.0, tally.Named.Value!.Value, 12);
        Assert.Equal((1, 2), (tally.Things.Right, tally.Things.All));
        Assert.Null(tally.LabelledKinds.Value);
        // A prompt that names nothing known counts nothing, but the labels do.
        var labels = new SceneLabels(SceneKind.StillLife, SceneTime.Night, SceneStyle.Photo, null, [SceneVocabulary.ThingOf("cup")!.Value]);
        tally.Add(0, Seen(SceneTime.Night, "red", "cup", "table"), PromptContent.Of("something"), labels);
        Assert.Equal(2 / 4.0, tally.Named.Value!.Value, 12);
        Assert.Equal(1, tally.LabelledTimes.Value);
        Assert.Equal(0.5, tally.SaidThings.Value);
        // In the order of the pictures, whoever came first.
        Assert.Equal([(float)SceneTime.Night, (float)SceneTime.Day], tally.Features.Select(features => features[0]));
    }

    private static SceneView Seen(SceneTime time, string colour, params string[] things) => new(
        [(float)time],
        SceneKind.StillLife,
        time,
        SceneStyle.Photo,
        SceneVocabulary.Colours.Index().First(row => row.Item == colour).Index,
        [.. SceneVocabulary.Things.Select(thing => things.Contains(thing))]);
}
