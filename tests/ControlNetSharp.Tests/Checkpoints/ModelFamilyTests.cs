using System.Text.RegularExpressions;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using Xunit;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>A family is one row: the row agrees with itself, and nobody else knows a family by its name.</summary>
public partial class ModelFamilyTests
{
    /// <summary>Where families may be told apart by name: their rows, and the networks that are published for them.</summary>
    private static readonly string[] MayNameFamilies = ["Checkpoints/ModelFamily.cs", "Models/PublishedNames.cs"];

    public static TheoryData<string> Published => [.. ModelFamily.All.Where(family => family.UNet is not null).Select(family => family.Name)];

    [Theory]
    [MemberData(nameof(Published))]
    public void Row_AgreesWithItsPublishedShapes(string name)
    {
        var family = Find(name);
        var unet = family.UNet!;
        Assert.Same(family.Texts, ModelFamily.Of(unet).Texts);
        Assert.Equal(unet.ContextChannels, family.Texts.Sum(text => text.Published.Width));
        Assert.Equal(family.TakesVector, unet.VectorChannels is not null);
        if (unet.VectorChannels is { } vector)
        {
            var sizes = vector - family.Texts[^1].Published.PooledWidth;
            Assert.Equal((true, 0), (sizes > 0, sizes % SizeConditioning.Count));
        }

        Assert.Contains(PublishedNames.All, row => row.Family == name);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void EveryPlaceOfAText_IsAPrefixOfTheLayout_AndNoOtherTextsOfTheFamily(string name)
    {
        var prefixes = Find(name).Texts.SelectMany(text => text.Places).Select(place => place.Prefix).ToList();
        Assert.Equal(prefixes.Distinct(), prefixes);
        Assert.All(prefixes, prefix => Assert.Contains(prefix, LdmLayout.Prefixes));
    }

    [Fact]
    public void Of_AnUnknownWidth_HasTheLayoutOfAFamily_ButNotWhatIsPublishedForIt()
    {
        var own = ModelFamily.Of(40, takesVector: true);
        var like = Find(ModelFamily.StableDiffusionXl);
        Assert.Equal(("SDXL layout with context 40", like.NativeSize, like.LatentScale), (own.Name, own.NativeSize, own.LatentScale));
        Assert.Same(like.Texts, own.Texts);
        Assert.Equal((null, null, null), (own.UNet, own.ShortName, own.LatentColours));
        Assert.Equal(own, ModelFamily.Of(40, takesVector: true));
        Assert.False(ModelFamily.Of(40).PredictsEither);
    }

    [Theory]
    [InlineData("SD 1.x", 0, 1, true)]
    [InlineData("SD 2.x", 0, 2, true)]
    [InlineData("SDXL", 0, 2, false)]
    [InlineData("SDXL", 1, 2, false)]
    public void Taken_OfThePublishedTexts_HasTheClipSkipAndNormOfTheFamily(string name, int index, int clipSkip, bool norms)
    {
        var text = Find(name).Texts[index];
        var taken = text.Taken(text.Published);
        Assert.Equal((clipSkip, norms), (taken.DefaultClipSkip, taken.NormsConditioning));
        // What came from diffusers' layout lacks the blocks that are skipped; of another width nothing is known.
        var cut = text.Published with { Layers = text.Published.Layers - clipSkip + 1 };
        Assert.Equal((1, clipSkip), (text.Taken(cut).DefaultClipSkip, text.Taken(cut with { Width = 64 }).DefaultClipSkip));
    }

    [Theory]
    [InlineData("clip_l clip_g", "SDXL")]
    [InlineData("clip_l", null)]
    [InlineData("emb_params", null)]
    public void OfVectors_IsTheFamilyWithATensorForEachOfItsTexts(string names, string? family) =>
        Assert.Equal(family, ModelFamily.OfVectors(names.Split(' '))?.Name);

    [Fact]
    public void Code_AsksTheRowForAFact_AndNeverWhichFamilyItIs()
    {
        var found = new[] { "src/ControlNetSharp", "src/ControlNetSharp.Training", "src/ControlNetSharp.Cli" }.SelectMany(project =>
        {
            var root = Repository.PathOf(project);
            return Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(file => (Path: file, Name: Path.GetRelativePath(root, file).Replace('\\', '/')))
                .Where(file => !file.Name.StartsWith("obj/", StringComparison.Ordinal) && !MayNameFamilies.Contains(file.Name))
                .SelectMany(file => File.ReadLines(file.Path).Where(line => NamesAFamily().IsMatch(line)).Select(line => $"{file.Name}: {line.Trim()}"));
        });
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("if (family.Name == ModelFamily.StableDiffusionXl)", true)]
    [InlineData("family?.Name is \"SD 1.x\"", true)]
    [InlineData("if (family.IsXl)", true)]
    [InlineData("if (family.TakesVector)", false)]
    [InlineData("/// The width in <see cref=\"ModelFamily.StableDiffusionXl\"/>.", false)]
    public void Line_ThatAsksForAFamilyByName_IsFound(string line, bool found) => Assert.Equal(found, NamesAFamily().IsMatch(line));

    private static ModelFamily Find(string name) => ModelFamily.All.Single(family => family.Name == name);

    [GeneratedRegex(@"^(?!\s*///).*(\bModelFamily\.StableDiffusion|\bIsXl\b|[""](SD 1\.x|SD 2\.x|SDXL)[""])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamesAFamily();
}
