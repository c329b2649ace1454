using ControlNetSharp.Scenes;
using ControlNetSharp.Text;
using Xunit;

namespace ControlNetSharp.Tests.Scenes;

public class SceneTests
{
    private const int Seeds = 400;

    [Fact]
    public void FromSeed_OverManySeeds_ShowsEveryKindTimeAndStyle()
    {
        var scenes = Enumerable.Range(0, Seeds).Select(seed => Scene.FromSeed(seed).Attributes).ToList();
        Assert.Equal(Enum.GetValues<SceneKind>(), scenes.Select(s => s.Kind).Distinct().Order());
        Assert.Equal(Enum.GetValues<SceneTime>(), scenes.Select(s => s.Time).Distinct().Order());
        Assert.Equal(Enum.GetValues<SceneStyle>(), scenes.Select(s => s.Style).Distinct().Order());
        Assert.True(scenes.SelectMany(s => s.Things).Select(thing => thing.Name).Distinct().Count() > 50);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void FromSeed_WithAnySeed_GivesTheSameSceneTwice(long seed)
    {
        var (first, second) = (Scene.FromSeed(seed), Scene.FromSeed(seed));
        Assert.Equal(seed, first.Seed);
        Assert.Equal(first.Caption, second.Caption);
        Assert.Equal(first.Attributes with { Things = [] }, second.Attributes with { Things = [] }, (a, b) => (a.Kind, a.Place, a.Time, a.Style) == (b.Kind, b.Place, b.Time, b.Style));
        Assert.Equal(first.Attributes.Things, second.Attributes.Things);
    }

    [Fact]
    public void Caption_OfEverySeed_IsPlainLowerCaseAndFitsIntoOneRowOfTokens()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var caption = Scene.FromSeed(seed).Caption;
            Assert.True(caption.All(c => c is (>= 'a' and <= 'z') or ' ' or ',' or '-'), $"seed {seed}: {caption}");
            Assert.True(caption == caption.Trim() && !caption.Contains("  "), $"seed {seed}: '{caption}'");
            // 77 with the start and the end token.
            Assert.True(ClipTokenizer.Default.Encode(caption).Count is >= 2 and <= ClipTokenizer.ContextLength - 2, $"seed {seed}: {caption}");
        }
    }

    [Fact]
    public void Caption_OfDifferentSeeds_IsRarelyTheSame()
    {
        var captions = Enumerable.Range(0, Seeds).Select(seed => Scene.FromSeed(seed).Caption).Distinct().Count();
        Assert.True(captions > 0.9 * Seeds, $"Only {captions} of {Seeds} captions are different.");
    }

    [Fact]
    public void Caption_NamesTheFirstThing()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var scene = Scene.FromSeed(seed);
            Assert.NotEmpty(scene.Attributes.Things);
            Assert.True(scene.Caption.Contains(scene.Attributes.Things[0].Name, StringComparison.Ordinal), $"seed {seed}: '{scene.Caption}' does not name {scene.Attributes.Things[0]}");
        }
    }

    [Fact]
    public void Render_OfTheSameSeed_GivesTheSamePixels_AndOfOtherSeedsOthers()
    {
        var pictures = Enumerable.Range(0, 12).Select(seed => SceneRenderer.Render(Scene.FromSeed(seed), 32)).ToList();
        for (var seed = 0; seed < pictures.Count; seed++)
        {
            Assert.Equal(pictures[seed].Bytes(), SceneRenderer.Render(Scene.FromSeed(seed), 32).Bytes());
            Assert.All(pictures.Take(seed), other => Assert.NotEqual(other.Bytes(), pictures[seed].Bytes()));
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(128)]
    public void Render_AtAnySize_GivesASquareWithSomethingToSee(int size)
    {
        foreach (var seed in new[] { 1, 2, 3, 4 })
        {
            var picture = SceneRenderer.Render(Scene.FromSeed(seed), size);
            Assert.Equal((size, size), (picture.Width, picture.Height));
            Assert.True(picture.Bytes().Distinct().Count() > 20, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(15)]
    [InlineData(4097)]
    public void Render_AtASizeOutOfRange_NamesTheRange(int size) =>
        Assert.Contains("size must be from 16 to 4096", Assert.Throws<ArgumentOutOfRangeException>(() => SceneRenderer.Render(Scene.FromSeed(1), size)).Message, StringComparison.Ordinal);
}
