using ControlNetSharp.Networks.Blocks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

/// <summary>Token merging against the paper's words, token by token.</summary>
public sealed class TokenMatchTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(4, 6)]
    [InlineData(5, 7)]
    public void Cells_HaveOneDestinationEach_AndAllOthersAreSources(int height, int width)
    {
        var cells = new TokenCells(height, width, [Chosen(height, width, 1), Chosen(height, width, 2)]);
        Assert.Equal(height * width, cells.Tokens);
        var (destinations, sources) = (Rows(cells.Destinations(4, CPU)), Rows(cells.Sources(4, CPU)));
        // Sides of the guidance stand one below the other, each with all pictures.
        Assert.Equal(destinations[0], destinations[2]);
        Assert.Equal(destinations[1], destinations[3]);
        Assert.NotEqual(destinations[0], destinations[1]);
        foreach (var (taken, left) in destinations.Zip(sources))
        {
            Assert.Equal(Enumerable.Range(0, height * width).Select(token => (long)token), taken.Concat(left).Order());
            Assert.Equal(
                from row in Enumerable.Range(0, height / 2) from column in Enumerable.Range(0, width / 2) select ((long)row, (long)column),
                taken.Select(token => (token / width / 2, token % width / 2)));
        }
    }

    [Theory]
    [InlineData(4, 6, 0.5)]
    [InlineData(5, 7, 0.3)]
    [InlineData(4, 4, 0.75)]
    public void MergeAndUnmerge_AreThoseOfThePaper(int height, int width, double ratio)
    {
        const int channels = 5;
        var count = height * width;
        var cells = new TokenCells(height, width, [Chosen(height, width, 3)]);
        var (metric, x) = (randn([2, count, channels], generator: new Generator(4)), randn([2, count, 3], generator: new Generator(5)));
        var match = new TokenMatch(metric, cells, ratio);
        var (merged, back) = (match.Merge(x), match.Unmerge(match.Merge(x)));
        var (destinations, sources) = (Rows(cells.Destinations(2, CPU)), Rows(cells.Sources(2, CPU)));
        var merging = Math.Min(sources[0].Length, (int)(count * ratio));
        Assert.Equal([2, count - merging, 3], merged.shape);
        for (var row = 0; row < 2; row++)
        {
            double[] Of(Tensor values, long token) => [.. values[row][token].to(ScalarType.Float64).data<double>()];
            double Cosine(long a, long b)
            {
                var (u, v) = (Of(metric, a), Of(metric, b));
                return u.Zip(v, (p, q) => p * q).Sum() / Math.Sqrt(u.Sum(p => p * p) * v.Sum(q => q * q));
            }

            var best = sources[row].ToDictionary(source => source, source => destinations[row].MaxBy(destination => Cosine(source, destination)));
            var gone = sources[row].OrderByDescending(source => Cosine(source, best[source])).Take(merging).ToHashSet();
            foreach (var token in Enumerable.Range(0, count).Select(token => (long)token))
            {
                var home = gone.Contains(token) ? best[token] : token;
                long[] group = [home, .. gone.Where(other => best[other] == home)];
                var mean = Enumerable.Range(0, 3).Select(k => group.Average(member => Of(x, member)[k])).ToArray();
                Assert.All(mean.Zip(Of(back, token)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            }
        }
    }

    // Where the four tokens of each cell are one, a quarter of them says all that there is: each key would have counted four times.
    [Fact]
    public void Attention_OverCellsOfEqualTokens_IsThatOfAllTokens()
    {
        var small = randn([2, 4 * 4, 8], generator: new Generator(6));
        var map = small.reshape(2, 4, 4, 8).repeat_interleave(2, 1).repeat_interleave(2, 2).reshape(2, 64, 8);
        var match = new TokenMatch(map, new TokenCells(8, 8, [Chosen(8, 8, 7)]), 0.75);
        var merged = match.Merge(map);
        Assert.Equal(16, merged.shape[1]);
        Goldens.AssertClose(Attention.MultiHead(map, map, map, 2), match.Unmerge(Attention.MultiHead(merged, merged, merged, 2)), 1e-5, "attended");
    }

    // 4 096 tokens in one: types of 16 bits cannot count so far.
    [Fact]
    public void Merge_OfThousandsIntoOne_KeepsTheirMean_InBFloat16()
    {
        var x = full([1, 64 * 64, 1], 3.0f).to(ScalarType.BFloat16);
        var match = new TokenMatch(x, new TokenCells(64, 64, [Chosen(64, 64, 8)]), 0.75);
        Assert.Equal(3, match.Merge(x).max().to(ScalarType.Float32).item<float>());
        Assert.Equal(3, match.Merge(x).min().to(ScalarType.Float32).item<float>());
    }

    private static long[] Chosen(int height, int width, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)TokenCells.CountIn(height, width)).Select(_ => (long)random.Next(4))];
    }

    private static List<long[]> Rows(Tensor numbers) => [.. Enumerable.Range(0, (int)numbers.shape[0]).Select(row => numbers[row].data<long>().ToArray())];
}
