using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Cli;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.Onnx;

/// <summary>Depth and lines by any ONNX file, with the real runtime and without one.</summary>
public sealed class OnnxHintTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Annotate_ByAnOnnxFileOfDepth_GivesItsMap()
    {
        // The mean of the channels, as a depth: what is bright is near.
        Mean().Write(_folder["mine.onnx"]);
        PictureWriter.WritePng(_folder["photo.png"], TestPictures.Of(64, 32, (x, _) => (4 * x, 4 * x, 4 * x)));
        var made = await CommandRun.JsonOf("annotate", "depth", _folder["photo.png"], "-o", _folder["hint.png"], "--annotator", "mine.onnx", "--models", _folder.Path);
        Assert.Equal(("depth", "mine.onnx"), (made.GetProperty("kind").GetString(), made.GetProperty("annotator").GetString()));
        var hint = PictureReader.Read(_folder["hint.png"]);
        Assert.Equal((64, 32, (0, 0, 0), (255, 255, 255)), (hint.Width, hint.Height, hint.At(0, 5), hint.At(63, 5)));
        await CommandRun.JsonOf("annotate", "depth", _folder["photo.png"], "-o", _folder["far.png"], "--annotator", "mine.onnx", "--models", _folder.Path, "--option", "large=far");
        Assert.Equal(((255, 255, 255), (0, 0, 0)), (PictureReader.Read(_folder["far.png"]).At(0, 5), PictureReader.Read(_folder["far.png"]).At(63, 5)));
    }

    [Fact]
    public async Task Inspect_OfAnOnnxFile_TellsWhatGoesInAndOut()
    {
        Mean().Write(_folder["mine.onnx"]);
        var facts = await CommandRun.JsonOf("models", "inspect", _folder["mine.onnx"]);
        Assert.Equal(("annotator", "onnx"), (facts.GetProperty("kind").GetString(), facts.GetProperty("layout").GetString()));
        Assert.Equal("in", facts.GetProperty("input").GetProperty("name").GetString());
        var run = await CommandRun.Of(["models", "inspect", _folder["mine.onnx"]]);
        Assert.Contains("in [1, 3, any, any]", run.Result, StringComparison.Ordinal);
        Assert.Contains("out [1, 1, any, any]", run.Result, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_AreAsTheOptionsSay()
    {
        OnnxTensor map = new([0, 0.5f, 1, 0.25f], [1, 1, 2, 2]);
        Assert.Equal([0, 127, 255, 63], Levels("hed", [map]));
        Assert.Equal([255, 128, 0, 192], Levels("hed", [map], ("lines", 1)));
        Assert.Equal([0, 10, 200, 255], Levels("canny", [new([0, 10, 200, 300], [2, 2])], ("range", 1)));
        Assert.Equal([0, 127, 255, 63], Levels("lineart", [new([9], [1]), map], ("output", 1)));
    }

    [Theory]
    [InlineData(0, 0, new[] { (255 / 255f - 0.485f) / 0.229f, (51 / 255f - 0.456f) / 0.224f, (0 - 0.406f) / 0.225f })]
    [InlineData(1, 0, new[] { 1, -0.6f, -1 })]
    [InlineData(2, 0, new[] { 1, 0.2f, 0 })]
    [InlineData(3, 0, new[] { 255f, 51, 0 })]
    [InlineData(3, 1, new[] { 0f, 51, 255 })]
    public void Inputs_AreNormalisedAsTheOptionsSay_InEachLayout(int normalise, int channels, float[] expected)
    {
        foreach (var shape in new int?[][] { [1, 3, 2, 2], [1, 2, 2, 3], [null, 3, null, null] })
        {
            var model = new FakeOnnx(shape, new OnnxTensor(new float[4], [1, 1, 2, 2]));
            using var annotator = Annotator("depth", model);
            annotator.Annotate(TestPictures.Of(2, 2, (_, _) => (255, 51, 0)), Options(annotator, ("normalise", normalise), ("channels", channels), ("width", 2), ("height", 2)), TestContext.Current.CancellationToken);
            var given = Assert.Single(model.Given);
            var isRows = shape[3] == 3;
            Assert.Equal(isRows ? [1, 2, 2, 3] : [1, 3, 2, 2], given.Shape);
            for (var channel = 0; channel < 3; channel++)
            {
                Assert.Equal(expected[channel], given.Values[isRows ? channel : 4 * channel], 4);
            }
        }
    }

    [Fact]
    public void Sizes_AreTheFiles_OrThePicturesRoundedUp()
    {
        Assert.Equal([1, 3, 24, 40], Given([1, 3, 24, 40]));
        Assert.Equal([1, 3, 64, 96], Given([1, 3, null, null]));
        Assert.Equal([1, 3, 56, 70], Given([1, 3, null, null], ("width", 70), ("height", 56)));
        Assert.Contains("takes pictures with a width of 40, not 41", Assert.Throws<CheckpointException>(() => Given([1, 3, 24, 40], ("width", 41))).Message, StringComparison.Ordinal);

        static IReadOnlyList<int> Given(int?[] shape, params (string, double)[] options)
        {
            var model = new FakeOnnx(shape, new OnnxTensor([1, 2], [1, 1, 1, 2]));
            using var annotator = Annotator("depth", model);
            annotator.Annotate(TestPictures.Noise(70, 50), Options(annotator, options), TestContext.Current.CancellationToken);
            return model.Given[0].Shape;
        }
    }

    [Theory]
    [InlineData(new[] { 1, 5, 4, 4 }, "takes [1, 5, 4, 4]; a network of hints takes one picture")]
    [InlineData(new[] { 1, 3 }, "takes [1, 3]; a network of hints takes one picture")]
    public void Models_ThatTakeNoPicture_AreRefused(int[] shape, string message)
    {
        using var annotator = Annotator("depth", new FakeOnnx([.. shape.Select(side => (int?)side)], new OnnxTensor([1], [1, 1, 1, 1])));
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => annotator.Hint(TestPictures.Noise(4, 4))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outputs_ThatAreNoMap_AreRefused()
    {
        Assert.Contains("gives [1, 3, 2, 2] as output 0; a map is", Assert.Throws<CheckpointException>(() => Levels("hed", [new OnnxTensor(new float[12], [1, 3, 2, 2])])).Message, StringComparison.Ordinal);
        Assert.Contains("has 1 outputs; output must be from 0 to 0, not 2", Assert.Throws<CheckpointException>(() => Levels("hed", [new OnnxTensor(new float[4], [2, 2])], ("output", 2))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("depth", "../x.onnx", "without a path")]
    [InlineData("hed", "a*.onnx", "without a path")]
    [InlineData("pose", "x.onnx", "must be none, where the picture already is the hint, or movenet")]
    public void Names_ThatCannotBeFilesOfTheFolders_AreRefused(string kind, string name, string message)
    {
        var unit = new ControlUnit { Kind = kind, Picture = "a.png", Annotator = name };
        Assert.Contains(message, Assert.Throws<RequestException>(() => UnitAnnotator.Candidates(unit, unit.ConditionKind, "units[0]")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_ThatAreMissingOrNoModels_AreSaid()
    {
        PictureWriter.WritePng(_folder["photo.png"], TestPictures.Noise(8, 8));
        string[] Arguments(string name) => ["annotate", "depth", _folder["photo.png"], "-o", _folder["hint.png"], "--annotator", name, "--models", _folder.Path];
        var missing = await CommandRun.Of(Arguments("no.onnx"));
        Assert.Contains("no.onnx", missing.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, missing.Message, StringComparison.Ordinal);
        File.WriteAllText(_folder["bad.onnx"], "This is no model.");
        var bad = await CommandRun.Of(Arguments("bad.onnx"));
        Assert.Equal(3, bad.ExitCode);
        Assert.Contains("bad.onnx: is no ONNX model that can be run", bad.Message, StringComparison.Ordinal);
        new TinyOnnx().Input("a", 1, 3, 4, 4).Input("b", 1).Node("Identity", ["a"], "out").Output("out", 1, 3, 4, 4).Write(_folder["two.onnx"]);
        Assert.Contains("takes 2 inputs (a, b)", (await CommandRun.Of(Arguments("two.onnx"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutTheRuntime_ThePackageIsNamed()
    {
        Assert.Null(OnnxRuntimes.Find("ControlNetSharp.Onnx.OnnxRuntime, ControlNetSharp.NotThere"));
        var e = Assert.Throws<RuntimeUnavailableException>(() => OnnxRuntimes.Load("a.onnx", runtime: null));
        Assert.Equal("a.onnx is an ONNX model, which needs the package ControlNetSharp.Onnx beside this program.", e.Message);
    }

    /// <summary>The mean over the channels of pictures of any size.</summary>
    private static TinyOnnx Mean() =>
        new TinyOnnx().Input("in", 1, 3, null, null).Node("ReduceMean", ["in"], "out", ("axes", [1])).Output("out", 1, 1, null, null);

    private static byte[] Levels(string kind, OnnxTensor[] outputs, params (string, double)[] options)
    {
        using var annotator = Annotator(kind, new FakeOnnx([1, 3, 2, 2], outputs));
        var hint = annotator.Annotate(TestPictures.Noise(2, 2), Options(annotator, options), TestContext.Current.CancellationToken);
        return [.. Enumerable.Range(0, 4).Select(i => hint.Rgb[3 * i])];
    }

    private static OnnxHintAnnotator Annotator(string kind, FakeOnnx model) =>
        new(OnnxHints.InfoOf(ConditionKind.Find(kind), "fake.onnx"), new NetworkLease<IOnnxModel>(model, () => { }));

    private static AnnotatorOptions Options(OnnxHintAnnotator annotator, params (string Name, double Value)[] options) =>
        new(annotator.Info, options.ToDictionary(option => option.Name, option => option.Value));
}
