using ControlNetSharp.Checkpoints;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Evaluation;

public sealed class SceneClassifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes a classifier that has learned nothing.</summary>
    public static string Write(string path)
    {
        using var scope = NewDisposeScope();
        using var network = Fresh();
        SafetensorsWriter.Write(path, network.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().to(ScalarType.BFloat16)));
        return path;
    }

    [Fact]
    public void Network_HasAboutAMillionWeights_AndAHeadForEachQuestion()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var network = Fresh();
        Assert.InRange(network.parameters().Sum(p => p.numel()), 500_000, 1_200_000);
        var classes = network.Forward(zeros(2, 3, 256, 256));
        Assert.Equal([2, SceneClassifierNetwork.FeatureCount], classes.Features.shape);
        Assert.Equal([2, 7], classes.Kinds.shape);
        Assert.Equal([2, 5], classes.Times.shape);
        Assert.Equal([2, 5], classes.Styles.shape);
        Assert.Equal([2, SceneVocabulary.Colours.Count], classes.Colours.shape);
        Assert.Equal([2, SceneVocabulary.Things.Count], classes.Things.shape);
        Assert.Equal(ScalarType.Float32, network.Forward(zeros(1, 3, 256, 256, dtype: ScalarType.BFloat16)).Things.dtype);
    }

    [Fact]
    public void Look_FromAFile_SeesTheSameTwice_AtAnySize()
    {
        using var classifier = SceneClassifier.Load(Write(_folder["classifier.safetensors"]));
        var scene = SceneRenderer.Render(Scene.FromSeed(EvaluationScenes.FirstSeed), 256);
        var (first, again) = (classifier.Look(scene), classifier.Look(scene));
        Assert.Equal(first.Features, again.Features);
        Assert.Equal(first.Things, again.Things);
        Assert.Equal(SceneClassifierNetwork.FeatureCount, classifier.Look(PictureResizing.Resize(scene, 64, 96, Interpolation.Area)).Features.Length);
        Assert.All(first.Features, feature => Assert.True(float.IsFinite(feature)));
    }

    [Fact]
    public void Load_OfAnotherFile_NamesIt()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["other.safetensors"], new Dictionary<string, Tensor> { ["a"] = zeros(1) });
        var e = Assert.Throws<CheckpointException>(() => SceneClassifier.Load(_folder["other.safetensors"]));
        Assert.Contains("other.safetensors", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loss_IsSmallForWhatIsThere_AndPicturesWithoutAColourTeachNone()
    {
        using var scope = NewDisposeScope();
        var labels = Enumerable.Range(0, 4).Select(i => SceneLabels.Of(Scene.FromSeed(i))).ToList();
        Tensor OneHot(Func<SceneLabels, IEnumerable<int>> right, int count) =>
            tensor(labels.SelectMany(row => Enumerable.Range(0, count).Select(i => right(row).Contains(i) ? 20f : -20)).ToArray(), [labels.Count, count]);
        SceneClasses Said(float colour) => new(
            zeros(1), OneHot(row => [(int)row.Kind], 7), OneHot(row => [(int)row.Time], 5), OneHot(row => [(int)row.Style], 5),
            OneHot(row => row.Colour is { } c ? [c] : [], SceneVocabulary.Colours.Count) * tensor(colour), OneHot(row => row.Things, SceneVocabulary.Things.Count));
        Assert.InRange(SceneClassifierLoss.Of(Said(1), labels).item<float>(), 0, 1e-4f);
        Assert.True(SceneClassifierLoss.Of(Said(-1), labels).item<float>() > 1);
        labels = [.. labels.Select(row => row with { Colour = null })];
        Assert.InRange(SceneClassifierLoss.Of(Said(-1), labels).item<float>(), 0, 1e-4f);
        Assert.Throws<ArgumentException>(() => SceneClassifierLoss.Of(Said(1) with { Kinds = zeros(3, 7) }, labels));
    }

    private static SceneClassifierNetwork Fresh()
    {
        var network = new SceneClassifierNetwork(Placement.Cpu32);
        WeightInitialisation.Initialise(network, seed: 3);
        return network;
    }
}
