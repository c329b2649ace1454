using ControlNetSharp.Evaluation;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public class TrialsTests
{
    [Fact]
    public void Combinations_AreThoseWithAControlNetForEachKind_AndTheirKindsAreAskedAloneOnTheSameScenes()
    {
        using var controlNet = TinyModel.ControlNet();
        var trials = new Trials(new Dictionary<string, ControlNetwork> { ["depth"] = controlNet, ["pose"] = controlNet }, withCombinations: true);
        Assert.Equal(["pose", "depth"], trials.Singles.Select(trial => trial.Name));
        Assert.Equal(["pose + depth"], trials.Combinations.Select(trial => trial.Name));
        Assert.All(trials.Singles, trial => Assert.Equal(1, Assert.Single(trial.Units).Weight));
        Assert.All(trials.Combinations[0].Units, unit => Assert.Equal(0.7, unit.Weight));
        Assert.Equal(2, trials.Skipped.Count);
        Assert.Equal([SceneGroup.Any, SceneGroup.People], trials.SingleOf("depth").Groups);
        Assert.Equal([("pose", SceneGroup.People), ("depth", SceneGroup.Any), ("depth", SceneGroup.People)], trials.Questions);
        Assert.Equal([("pose", SceneGroup.People), ("depth", SceneGroup.Any)], new Trials(new Dictionary<string, ControlNetwork> { ["depth"] = controlNet, ["pose"] = controlNet }, withCombinations: false).Questions);
        Assert.Throws<UnknownNameException>(() => new Trials(new Dictionary<string, ControlNetwork> { ["hint"] = controlNet }, withCombinations: false));
    }

    [Fact]
    public void Combinations_OfHalves_ActAtFullWeight_SinceTheyDoNotMeet()
    {
        using var controlNet = TinyModel.ControlNet();
        var halves = Assert.Single(new Trials(new Dictionary<string, ControlNetwork> { ["canny"] = controlNet }, withCombinations: true).Combinations);
        Assert.Equal([(PictureHalf.Left, 1.0), (PictureHalf.Right, 1.0)], halves.Units.Select(unit => (unit.Half, unit.Weight)));
    }

    [Fact]
    public void Halves_HaveHintAndRegionOfTheirSideAlone()
    {
        using var controlNet = TinyModel.ControlNet();
        var hint = new Picture(5, 2, [.. Enumerable.Repeat((byte)7, 30)]);
        var (left, right, whole) = (new TrialUnit("canny", controlNet, PictureHalf.Left), new TrialUnit("canny", controlNet, PictureHalf.Right), new TrialUnit("canny", controlNet));
        Assert.Equal([7, 7, 0, 0, 0], Enumerable.Range(0, 5).Select(x => left.HintOf(hint).At(x, 1).R));
        Assert.Equal([0, 0, 7, 7, 7], Enumerable.Range(0, 5).Select(x => right.HintOf(hint).At(x, 0).R));
        Assert.Equal([255, 255, 0, 0, 0], Enumerable.Range(0, 5).Select(x => left.Region(5, 2)!.At(x, 0).R));
        Assert.Null(whole.Region(5, 2));
        Assert.Same(hint, whole.HintOf(hint));
    }
}
