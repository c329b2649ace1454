using ControlNetSharp.Pictures;
using CsCheck;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

public class TileRowTests
{
    private static readonly Gen<TileRow> Rows = Gen.Select(Gen.Int[1, 400], Gen.Int[1, 100], Gen.Double[0, 0.5], (length, tile, share) => new TileRow(length, tile, (int)(share * tile)));

    [Fact]
    public void Shares_OfAllTiles_SumToOneAtEachPlace() =>
        Rows.Sample(row =>
        {
            var sums = new double[row.Length];
            foreach (var (index, start) in row.Starts.Index())
            {
                foreach (var (place, share) in row.Shares(index).Index())
                {
                    Assert.InRange(share, 0, 1);
                    sums[start + place] += share;
                }
            }

            Assert.All(sums, sum => Assert.Equal(1, sum, 5));
        });

    [Fact]
    public void Cores_MakeUpTheWhole_AndLieInsideOfTheirTiles() =>
        Rows.Sample(row =>
        {
            var end = 0;
            foreach (var (index, start) in row.Starts.Index())
            {
                var (from, to) = row.Core(index);
                Assert.Equal(end, from);
                Assert.True(start <= from && to <= start + row.Tile);
                end = to;
            }

            Assert.Equal(row.Length, end);
        });

    [Fact]
    public void Tiles_OverlapAtLeastAsAskedFor_AndAreNotMoreThanNeeded()
    {
        Rows.Sample(row => Assert.All(row.Starts.Zip(row.Starts.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, row.Tile)));
        Assert.Equal([0], new TileRow(64, 64, 16).Starts);
        Assert.Equal([0], new TileRow(40, 64, 16).Starts);
        Assert.Equal([0, 1], new TileRow(65, 64, 16).Starts);
        Assert.Equal([0, 48], new TileRow(112, 64, 16).Starts);
        Assert.Equal([0, 24, 49], new TileRow(113, 64, 16).Starts);
        Assert.Equal([0, 64], new TileRow(128, 64, 0).Starts);
    }

    [Fact]
    public void Share_RisesOverTheOverlapInTheMiddleOfIt_AndIsWholeElsewhere()
    {
        var shares = new TileRow(112, 64, 16).Shares(0);
        Assert.All(shares[..48], share => Assert.Equal(1, share));
        Assert.Equal([0.5 + 7.5 / 16, 0.5 + 0.5 / 16, 0.5 - 0.5 / 16, 0.5 - 7.5 / 16], new[] { 48, 55, 56, 63 }.Select(place => (double)shares[place]));
        Assert.Equal([1, 1, 0, 0], new TileRow(4, 2, 0).Shares(0).Concat(new TileRow(4, 2, 0).Shares(1).Select(share => 1 - share)).Select(share => (int)share));
    }
}
