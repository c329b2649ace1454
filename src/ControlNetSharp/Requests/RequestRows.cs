using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>
/// Rows of pictures in units: the request makes a picture for each of the row, as if each were a request of its own
/// whose seed counts on.
/// </summary>
internal static class RequestRows
{
    /// <summary>The pictures of one row are at most as many as batches can be.</summary>
    private const int MostPictures = 1000;

    /// <summary>
    /// The same request with rows in the place of pictures that are a folder or an animation. Those that say which
    /// frame is meant stay, and so do units that have their row.
    /// </summary>
    /// <exception cref="RequestException">A folder is empty, or an animation cannot be read.</exception>
    public static GenerationRequest Expanded(GenerationRequest request) =>
        request with
        {
            Units = [.. request.Units.Select((unit, index) => Expanded(unit, $"units[{index}].picture"))],
        };

    private static ControlUnit Expanded(ControlUnit unit, string member)
    {
        if (unit is not { Frames: null, Picture: { Path: { } path, Frame: null } })
        {
            return unit;
        }

        var pictures = FramesOf(path, member);
        // A folder is a row, whatever it holds; an animation of one frame is a picture.
        return pictures.Count > 1 || Directory.Exists(path)
            ? unit with
            {
                Picture = pictures[0],
                Frames = [.. pictures.Skip(1)],
            }
            : unit;
    }

    private static IReadOnlyList<PictureSource> FramesOf(string path, string member)
    {
        try
        {
            return PictureSource.FramesOf(path);
        }
        catch (PictureException e)
        {
            throw new RequestException(member, e.Input, e.Reason, e);
        }
    }

    /// <summary>The picture of a unit's row, as a unit of one picture; a unit without a row stays.</summary>
    public static ControlUnit At(ControlUnit unit, int index) =>
        unit.Frames is not { } frames
            ? unit
            : unit with
            {
                Picture = index == 0 ? unit.Picture : frames[index - 1],
                Frames = null,
            };

    /// <summary>Compares rows with each other, and with how many pictures are asked for.</summary>
    /// <exception cref="RequestException">The numbers differ, or there are too many.</exception>
    public static void Check(GenerationRequest request)
    {
        if (request.Row is not { } row)
        {
            return;
        }

        var first = request.Units.Index().First(unit => unit.Item.Row is not null).Index;
        foreach (var (index, unit) in request.Units.Index())
        {
            RequestRules.Require(
                unit.Row is null || unit.Row == row,
                $"units[{index}].frames",
                unit.Row,
                $"a row of {unit.Row} pictures does not go with that of units[{first}], which has {row}."
            );
        }

        RequestRules.Require(
            row <= MostPictures,
            $"units[{first}].frames",
            row,
            $"a row has at most {MostPictures} pictures."
        );
        RequestRules.Require(
            request.Batch == 1,
            "batch",
            request.Batch,
            $"must be 1 where units have a row of pictures ({row}): they are made one after another."
        );
        // 1 is what it is where nobody said it.
        if (request.Count != 1)
        {
            RequireCount(request);
        }
    }

    /// <summary>Refuses another number of pictures than that of the row.</summary>
    public static void RequireCount(GenerationRequest request) =>
        RequestRules.Require(
            request.Row is null || request.Row == request.Count,
            "count",
            request.Count,
            $"must be left out or be {request.Row}, as many as the row of pictures has."
        );
}
