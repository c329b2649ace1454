using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public sealed class ExampleCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DiffusionModel _model;
    private readonly TrainingDataset _dataset;

    public ExampleCacheTests()
    {
        _model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        DatasetMaker.Make(_folder["fill"], new DatasetMakeOptions { Conditions = ["fill"], Scenes = 4, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);
        _dataset = TrainingDataset.Open(_folder["fill"]);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Open_Again_EncodesOnlyWhatHasChanged()
    {
        var first = Open();
        var before = _folder.Listing();
        Assert.Equal(first.Fingerprint, Open().Fingerprint);
        Assert.Equal(before, _folder.Listing());

        PictureWriter.WritePng(_dataset.Examples[2].Picture, new Picture(64, 64, new byte[3 * 64 * 64]));
        var second = Open();
        Assert.NotEqual(first.Fingerprint, second.Fingerprint);
        Assert.Equal([true, true, false, true], first.Examples.Zip(second.Examples, (a, b) => a.File == b.File));
        Assert.NotEqual(first.Fingerprint, Open("another model").Fingerprint);
        Assert.NotEqual(second.Fingerprint, second.Part([1, 0, 2, 3]).Fingerprint);
    }

    [Fact]
    public void Batch_HasTheLatentsTheTextAndTheHint_OfTheExamplesItself()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var cache = Open();
        var (latents, text, sizes, hints) = cache.Batch([3, 1], null, CPU);
        var picture = PictureTensors.ToPicture(PictureReader.Read(_dataset.Examples[3].Picture));
        Assert.True((latents[0] - _model.Autoencoder.Encode(picture).Mean.squeeze(0) * _model.Autoencoder.Params.ScaleFactor).abs().max().item<float>() < 1e-6);
        Assert.True((text.Context[1] - ExampleText.Of(_model, _dataset.Examples[1].Caption).Context).abs().max().item<float>() < 1e-6);
        Assert.Null(text.Pooled);
        Assert.Equal([SizeConditioning.Of(64, 64), SizeConditioning.Of(64, 64)], sizes);
        Assert.True((hints[1] - PictureTensors.ToHint(PictureReader.Read(_dataset.Examples[1].Hint!)).squeeze(0)).abs().max().item<float>() < 1e-6);
        Assert.Equal(PictureReader.Read(_dataset.Examples[1].Hint!).Bytes(), cache.HintOf(1).Bytes());

        // Drawn from the Autoencoder's distribution: near the mean, and the same from the same generator.
        using var one = new Generator(7, CPU);
        using var two = new Generator(7, CPU);
        var drawn = cache.Batch([3], one, CPU).Latents;
        Assert.True(drawn.Equals(cache.Batch([3], two, CPU).Latents));
        Assert.False(drawn.Equals(cache.Batch([3], null, CPU).Latents));
    }

    [Fact]
    public void Batch_OfSdxl_HasBothTexts_AndTheSizesAndCropsOfThePictures()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteSdxl(_folder["sdxl.safetensors"]), Placement.Cpu32);
        // Scaled to 192 x 64, of which the middle is kept.
        var wide = Pictures.TestPictures.Of(384, 128, (x, y) => (x / 2, y, 7));
        PictureWriter.WritePng(_dataset.Examples[1].Picture, wide);
        PictureWriter.WritePng(_dataset.Examples[1].Hint!, wide);
        var cache = Open(model: model);
        var batch = cache.Batch([0, 1], null, CPU);
        Assert.Equal([SizeConditioning.Of(64, 64), new SizeConditioning(128, 384, 0, 64, 64, 64)], batch.Sizes);
        Assert.Equal(
            PictureResizing.Resize(wide, 192, 64, Interpolation.Area).Rgb.Slice(3 * 64, 3 * 64).ToArray(),
            PictureResizing.Fit(wide, 64, 64, ResizeMode.Crop).Rgb[..(3 * 64)].ToArray());

        Tensor Tokens(ITextEncoder encoder) => tensor(
            ClipTokenizer.Default.Pad(ClipTokenizer.Default.Encode(_dataset.Examples[1].Caption), encoder.PadToken), [1, ClipTokenizer.ContextLength]);
        var (first, second) = (model.Text, model.SecondText!);
        var context = cat([first.HiddenStates(Tokens(first))[^2], second.HiddenStates(Tokens(second))[^2]], -1);
        Goldens.AssertClose(context[0], batch.Text.Context[1], 1e-6, "context");
        var pooled = second.EncodePooled(Tokens(second)).Pooled;
        Goldens.AssertClose(pooled[0], batch.Text.Pooled![1], 1e-6, "pooled");

        var p = model.UNet.Params;
        var vector = batch.Vector(batch.Text, p)!;
        Goldens.AssertClose(batch.Sizes[1].Vector(pooled, p.VectorChannels!.Value)[0], vector[1], 1e-6, "vector");
        var empty = ExampleText.Of(model, "");
        var replaced = batch.Text.Replaced(tensor(new[] { true, false }), empty);
        Goldens.AssertClose(empty.Context, replaced.Context[0], 0, "empty context");
        Goldens.AssertClose(batch.Sizes[0].Vector(empty.Pooled!.unsqueeze(0), p.VectorChannels.Value)[0], batch.Vector(replaced, p)![0], 1e-6, "vector of the empty prompt");
        Goldens.AssertClose(vector[1], batch.Vector(replaced, p)![1], 0, "vector of the one that is kept");
    }

    [Fact]
    public void Open_OfPicturesInFewColours_ScalesTargetsByArea_AndHintsByWhatTheyAre()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var picture = Pictures.TestPictures.Of(256, 256, (x, y) => (x / 3 + y / 5) % 2 == 0 ? (250, 240, 220) : x < 99 ? (200, 30, 40) : (30, 160, 60));
        var lines = Pictures.TestPictures.Of(256, 256, (x, y) => x == y || x == 100 ? (255, 255, 255) : (0, 0, 0));
        PictureWriter.WritePng(_dataset.Examples[0].Picture, picture);
        PictureWriter.WritePng(_dataset.Examples[0].Hint!, lines);
        var cache = Open();
        var expected = PictureTensors.ToPicture(PictureResizing.Resize(picture, 64, 64, Interpolation.Area));
        var mean = cache.Batch([0], null, CPU).Latents[0];
        Assert.True((mean - _model.Autoencoder.Encode(expected).Mean.squeeze(0) * _model.Autoencoder.Params.ScaleFactor).abs().max().item<float>() < 1e-6);
        Assert.Equal(PictureResizing.FitHint(lines, 64, 64, ResizeMode.Crop).Bytes(), cache.HintOf(0).Bytes());
    }

    [Fact]
    public void Batch_WhenAFileHasVanished_NamesIt()
    {
        var cache = Open();
        File.Delete(cache.Examples[2].File);
        var e = Assert.Throws<CheckpointException>(() => cache.Batch([2], null, CPU));
        Assert.Equal(cache.Examples[2].File, e.File);
    }

    [Fact]
    public void Open_WithAPictureThatCannotBeRead_NamesIt()
    {
        File.WriteAllText(_dataset.Examples[1].Picture, "no picture");
        var e = Assert.Throws<PictureException>(() => Open());
        Assert.Equal(_dataset.Examples[1].Picture, e.Input);
    }

    [Fact]
    public void Open_WithAHintOfAnotherShapeThanItsPicture_NamesBothSizes_AndScalesOneOfTheSame()
    {
        PictureWriter.WritePng(_dataset.Examples[2].Hint!, new Picture(32, 32, new byte[3 * 32 * 32]));
        Open();
        PictureWriter.WritePng(_dataset.Examples[1].Hint!, new Picture(96, 64, new byte[3 * 96 * 64]));
        var e = Assert.Throws<DatasetException>(() => Open());
        Assert.Equal(_dataset.Examples[1].Hint, e.File);
        Assert.Contains("96 x 64 pixels, its picture 64 x 64", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhereAnEncodedExampleWasCut_EncodesItAnew()
    {
        var file = Open().Examples[2].File;
        var whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..(whole.Length / 2)]);
        Open();
        Assert.Equal(whole, File.ReadAllBytes(file));
    }

    [Fact]
    public void Open_WithoutHintAndAnnotator_NamesThePicture()
    {
        var examples = _dataset.Examples.Select(example => (example with { Hint = null }, new HintSource("mine"))).ToList();
        var e = Assert.Throws<DatasetException>(() => Open(examples: examples));
        Assert.Equal(_dataset.Examples[0].Picture, e.File);
    }

    [Fact]
    public void Open_WithAnnotatorsOfOneFile_LoadsItOnce()
    {
        var weights = EmbeddedVision.Weights.FileNames[0];
        var file = _folder[weights];
        File.Copy(Path.Combine(AppContext.BaseDirectory, "pocket", weights), file);
        var example = _dataset.Examples[0] with { Hint = null };
        HintSource Of(string name) => new(AnnotatorCatalogue.Find(name).Kind, AnnotatorCatalogue.Find(name));
        var cache = ExampleCache.Open(
            _folder["cache"], _model, "model", [(example, Of("depth_pocket")), (example, Of("normal_pocket"))], new AnnotatorFiles([_folder.Path]), new AspectBuckets(64), workers: 1,
            _ => MakeUnreadable(file), TestContext.Current.CancellationToken);
        Assert.Equal(2, cache.Examples.Select(encoded => encoded.File).Distinct().Count());
    }

    [Fact]
    public void HintSource_OfAKind_ComesWithWhatAnswersInItsPlace_AndANamedAnnotatorAlone()
    {
        Assert.Equal("pose", new HintSource("pose", AnnotatorCatalogue.Find("pose")).AnnotatorName);
        Assert.Equal("movenet", new HintSource("movenet", AnnotatorCatalogue.Find("movenet")).AnnotatorName);
        Assert.Equal("openpose_pocket", new HintSource("pose", AnnotatorCatalogue.Find("openpose_pocket")).AnnotatorName);
    }

    /// <summary>Leaves length and time as they are, so that only loading shows it.</summary>
    private static void MakeUnreadable(string file)
    {
        var written = File.GetLastWriteTimeUtc(file);
        File.WriteAllBytes(file, new byte[new FileInfo(file).Length]);
        File.SetLastWriteTimeUtc(file, written);
    }

    private ExampleCache Open(string hash = "model", IReadOnlyList<(TrainingExample, HintSource)>? examples = null, DiffusionModel? model = null) => ExampleCache.Open(
        _folder["cache"], model ?? _model, hash, examples ?? [.. _dataset.Examples.Select(example => (example, new HintSource("fill")))], AnnotatorFiles.None, new AspectBuckets(64), workers: 1,
        cancellationToken: TestContext.Current.CancellationToken);
}
