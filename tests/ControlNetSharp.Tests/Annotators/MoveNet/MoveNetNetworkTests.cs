using ControlNetSharp.Annotators.MoveNet;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.MoveNet;

/// <summary>The network with the shipped weights, and the reading of its maps, against the numbers of the published graph (movenet_*).</summary>
public class MoveNetNetworkTests
{
    private const string HeadsFile = "movenet_heads.safetensors";
    private const string PeopleFile = "movenet_people.safetensors";

    /// <summary>Of maps, and of rows, whose numbers are shares of the input; ten times the difference between PyTorch and TensorFlow.js.</summary>
    private const double MapTolerance = 1e-3, RowTolerance = 1e-4;

    public static TheoryData<string, string> Inputs => Goldens.Cases(PeopleFile, golden => golden.Entries.Keys.Where(key => key.EndsWith(".input", StringComparison.Ordinal)));

    internal static string WeightsFile => Path.Combine(AppContext.BaseDirectory, "pocket", MoveNetAnnotator.Description.Weights!.FileNames[0]);

    [Theory]
    [InlineData(ConvolutionState.Right)]
    [InlineData(ConvolutionState.Padded)]
    public void Network_OnTheGoldensPicture_GivesTheGraphsMaps_InsideToo(ConvolutionState convolutions)
    {
        Goldens.Require(HeadsFile);
        ConvolutionCheck.Assumed.Value = convolutions == ConvolutionState.Padded ? new ConvolutionReport(convolutions, "as the test says") : null;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(HeadsFile);
        using var network = Network();
        var input = PictureTensors.ToPicture(GoldenPictures.Of(golden.Required("input")));
        var taps = network.Look(input);
        foreach (var (name, tap) in new[] { "block2", "block5", "block9", "last" }.Zip(taps))
        {
            Goldens.AssertClose(golden[name], tap, MapTolerance, name);
        }

        var features = network.Merge(taps);
        Goldens.AssertClose(golden["features"], features, MapTolerance, "features");
        foreach (var (head, map) in MoveNetParams.Heads.Zip(network.Heads(features).All))
        {
            Goldens.AssertClose(golden[head.Name], map, MapTolerance, head.Name);
        }

        AssertRows(golden, "people", Rows(network, input), input.shape[2], input.shape[3]);
        golden.AssertAllRead();
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void People_OnTheGoldensInputs_AreThoseOfTheGraph(string file, string name)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var network = Network();
        var input = PictureTensors.ToPicture(GoldenPictures.Of(golden[name]));
        AssertRows(golden, name.Replace(".input", ".people", StringComparison.Ordinal), Rows(network, input), input.shape[2], input.shape[3]);
    }

    [Fact]
    public void Network_OfABatch_SeesEachPictureAsIfItWereAlone()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(PeopleFile);
        using var network = Network();
        var pictures = new[] { "astronaut", "camera" }.Select(name => PictureTensors.ToPicture(GoldenPictures.Of(golden.Required(name + ".input")))).ToList();
        var maps = network.Run(cat(pictures));
        for (var i = 0; i < pictures.Count; i++)
        {
            var (alone, together) = (Rows(network, pictures[i]), new MoveNetDecoder(maps, i).People(-1, 6));
            Assert.Equal(alone[0].Score, together[0].Score, RowTolerance);
            Assert.Equal(alone[0].Points[0].X, together[0].Points[0].X, 1e-2);
        }
    }

    internal static MoveNetNetwork Network() => CheckpointLoader.LoadNetwork(WeightsFile, "MoveNet", (_, placement) => new MoveNetNetwork(placement));

    private static IReadOnlyList<MoveNetPerson> Rows(MoveNetNetwork network, Tensor input) => new MoveNetDecoder(network.Run(input), 0).People(leastScore: -1, most: 6);

    /// <summary>
    /// The graph's rows: y, x and score of each point, the box as ymin, xmin, ymax, xmax, the score; all in shares of the input. Rows without a peak are filled with cells of score 0. The score of
    /// a point is the largest that any of the six has there, which lifts those of people that are next to none.
    /// </summary>
    private static void AssertRows(GoldenFile golden, string name, IReadOnlyList<MoveNetPerson> people, long height, long width)
    {
        const int Values = 56;
        const double Somebody = 0.1;
        using var rows = golden[name];
        Assert.NotEmpty(people);
        for (var i = 0; i < rows.shape[0]; i++)
        {
            var expected = rows[i].data<float>().ToArray();
            if (i >= people.Count)
            {
                Assert.Equal(0, expected[^1]);
                continue;
            }

            var (person, box) = (people[i], people[i].Box);
            double[] actual =
            [
                .. person.Points.SelectMany(point => new[] { point.Y / height, point.X / width, point.Score }),
                box.Top / height, box.Left / width, box.Bottom / height, box.Right / width,
                person.Score,
            ];
            Assert.Equal(Values, actual.Length);
            for (var k = 0; k < Values; k++)
            {
                var isScore = k == Values - 1 || (k < 3 * MoveNetParams.Points && k % 3 == 2);
                var least = isScore && expected[^1] < Somebody ? 0 : expected[k] - RowTolerance;
                Assert.True(actual[k] >= least && actual[k] <= expected[k] + RowTolerance, $"{name}: row {i}, number {k}: expected {expected[k]}, got {actual[k]}");
            }
        }
    }
}
