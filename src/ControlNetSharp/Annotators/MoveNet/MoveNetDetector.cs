using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>
/// Finds people in pictures of any size. The network sees large ones best where the picture's longer side has 256
/// pixels, and small ones at twice that; then it looks at each of them once more, alone.
/// </summary>
internal sealed class MoveNetDetector(MoveNetNetwork network)
{
    /// <summary>Sides at which the network sees the picture, and each person.</summary>
    private const int Side = 256,
        FineSide = 512;

    /// <summary>Centres that are looked at in one pass.</summary>
    private const int MostPeople = 12;

    /// <summary>Larger people than this share of the picture's longer side fall apart in the fine pass.</summary>
    private const double MostFineExtent = 0.4;

    /// <summary>What is seen of a person alone, around its extent, and so many are seen at once.</summary>
    private const double SquareSide = 1.6;
    private const int MostSquares = 8;

    /// <summary>A second look counts above these.</summary>
    private const double LeastSecondScore = 0.1,
        LeastSecondSimilarity = 0.2;

    /// <summary>Finds the people.</summary>
    /// <param name="picture">Any size of at least 1 x 1. Borrowed.</param>
    /// <param name="leastScore">People up to this score are none.</param>
    /// <param name="cancellationToken">Looked at before each pass.</param>
    /// <returns>In pixels of the picture, of which points can lie outside.</returns>
    public IReadOnlyList<MoveNetPerson> Find(
        Picture picture,
        double leastScore,
        CancellationToken cancellationToken = default
    )
    {
        var longerSide = Math.Max(picture.Width, picture.Height);
        var people = new List<MoveNetPerson>();
        Add(Seen([MoveNetInput.Whole(picture, Side)], leastScore)[0]);
        if (longerSide > Side)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var seen = Seen([MoveNetInput.Whole(picture, FineSide)], leastScore, MostFineExtent * FineSide)[0];
            Add(seen.Where(person => person.Extent.LongerSide <= MostFineExtent * longerSide));
        }

        return [.. people.Chunk(MostSquares).SelectMany(some => SeenAgain(some, picture, cancellationToken))];

        void Add(IEnumerable<MoveNetPerson> seen)
        {
            foreach (var person in seen.OrderByDescending(person => person.Score))
            {
                if (!people.Exists(known => known.IsSameAs(person)))
                {
                    people.Add(person);
                }
            }
        }
    }

    private IEnumerable<MoveNetPerson> SeenAgain(
        IReadOnlyList<MoveNetPerson> people,
        Picture picture,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var squares = people.Select(person =>
        {
            var extent = person.Extent;
            return MoveNetInput.Square(
                picture,
                (extent.Left + extent.Right) / 2,
                (extent.Top + extent.Bottom) / 2,
                Math.Max(SquareSide * extent.LongerSide, 1),
                Side
            );
        });
        return people.Zip(
            Seen([.. squares], LeastSecondScore),
            (person, seen) =>
                seen.Select(again => (Person: again, Similarity: person.Similarity(again)))
                    .Where(again => again.Similarity > LeastSecondSimilarity)
                    .OrderByDescending(again => again.Similarity * again.Person.Score)
                    .Select(again => again.Person)
                    .FirstOrDefault(person)
        );
    }

    /// <summary>
    /// The people in each of some inputs of one size, in pixels of the picture that they are parts of.
    /// </summary>
    private List<IReadOnlyList<MoveNetPerson>> Seen(
        IReadOnlyList<MoveNetInput> inputs,
        double leastScore,
        double largest = double.PositiveInfinity
    )
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var pictures = cat([.. inputs.Select(input => PictureTensors.ToPicture(input.Seen))]);
        var maps = network.Run(pictures.ToDeviceOf(network));
        return
        [
            .. inputs.Select(
                (input, i) =>
                    (IReadOnlyList<MoveNetPerson>)
                        [.. new MoveNetDecoder(maps, i).People(leastScore, MostPeople, largest).Select(input.ToPicture)]
            ),
        ];
    }
}
