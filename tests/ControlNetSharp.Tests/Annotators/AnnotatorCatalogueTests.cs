using ControlNetSharp.Annotators;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class AnnotatorCatalogueTests
{
    public static TheoryData<string> All => [.. AnnotatorCatalogue.All.Select(info => info.Name)];

    public static TheoryData<string> WithNothingDownloaded => [.. AnnotatorCatalogue.All.Where(info => !info.NeedsDownload).Select(info => info.Name)];

    public static TheoryData<string> WithDownloads => [.. AnnotatorCatalogue.All.Where(info => info.NeedsDownload).Select(info => info.Name)];

    [Fact]
    public void ModuleNames_AreUnique()
    {
        var names = AnnotatorCatalogue.All.SelectMany(info => info.ModuleNames).ToList();
        Assert.Equal(names.Distinct(StringComparer.OrdinalIgnoreCase), names);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Find_ByEachOfItsNames_GivesTheAnnotator_WhoseKindIsKnownAndWhoseDefaultsAreAllowed(string name)
    {
        var info = AnnotatorCatalogue.Find(name);
        Assert.Equal(info.Kind, ConditionKind.Find(info.Kind).Name);
        Assert.All(info.ModuleNames, module => Assert.Same(info, AnnotatorCatalogue.Find(module.ToUpperInvariant())));
        Assert.Equal(info.Options.Select(option => option.Default), info.Options.Select(option => new AnnotatorOptions(info, new Dictionary<string, double> { [option.Name] = option.Default })[option.Name]));
    }

    [Theory]
    [MemberData(nameof(WithNothingDownloaded))]
    public void Annotate_WithNothingDownloaded_WorksAtOddSizesKeepsThemAndIsDeterministic(string name)
    {
        using var annotator = AnnotatorCatalogue.Create(name);
        using var other = AnnotatorCatalogue.Create(name);
        Assert.Equal(name, annotator.Info.Name);
        foreach (var (width, height) in new[] { (1, 1), (7, 3), (64, 48) })
        {
            var picture = TestPictures.Noise(width, height);
            var copy = picture.Rgb.ToArray();
            var hint = annotator.Hint(picture);
            Assert.Equal((width, height), (hint.Width, hint.Height));
            Assert.Equal(copy, picture.Bytes());
            Assert.NotSame(picture.Bytes(), hint.Bytes());
            Assert.Equal(hint.Bytes(), annotator.Hint(picture).Bytes());
            Assert.Equal(hint.Bytes(), other.Hint(picture, new AnnotatorOptions(other.Info)).Bytes());
        }
    }

    [Theory]
    [MemberData(nameof(WithDownloads))]
    public void Create_WithoutTheWeightsFile_NamesFileFolderAndWhatWorksWithout(string name)
    {
        var info = AnnotatorCatalogue.Find(name);
        using var folder = new TemporaryFolder();
        var e = Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create(name, new AnnotatorFiles([folder.Path])));
        Assert.All(info.Weights!.FileNames, file => Assert.Contains(file, e.Message, StringComparison.Ordinal));
        Assert.Contains(folder.Path, e.Message, StringComparison.Ordinal);
        var builtIn = AnnotatorCatalogue.All.FirstOrDefault(other => other.Kind == info.Kind && !other.NeedsDownload);
        Assert.Contains(builtIn is null ? "annotator=none" : builtIn.Name, e.Message, StringComparison.Ordinal);
        Assert.Contains("no folder", Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create(name)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hough", "hough")]
    [InlineData("scribble", "scribble_xdog")]
    [InlineData("lineart", "lineart_standard")]
    [InlineData("canny", "canny")]
    [InlineData("softedge", "softedge_pocket")]
    [InlineData("pose", "movenet")]
    [InlineData("seg", "seg_pocket")]
    [InlineData("normal", "normal_pocket")]
    [InlineData("depth", "depth_pocket")]
    public void Find_ByKind_GivesTheOneThatWorksWithNothingDownloaded(string kind, string name)
    {
        Assert.Equal(name, AnnotatorCatalogue.Find(kind).Name);
        Assert.False(AnnotatorCatalogue.Find(kind).NeedsDownload);
    }
}
