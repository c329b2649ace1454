using System.Text.Json;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Reads the points of one body, hand, face or animal: numbers x, y, confidence for each point, one after the other or
/// in a list of their own.
/// </summary>
/// <param name="name">What messages call the file.</param>
/// <param name="canvas">Width and height of the picture that the points lie in, in pixels.</param>
internal sealed class PosePointList(string name, (int Width, int Height) canvas)
{
    /// <summary>
    /// Up to here a coordinate is a share of the canvas: key points that a network guessed can lie outside of the
    /// picture, and pixels of a whole hand, face or body reach further.
    /// </summary>
    private const double MaxShare = 2;

    /// <summary>Far outside of every canvas, and near enough to draw towards.</summary>
    private const int MaxCoordinate = 100_000;

    /// <summary>Points in pixels, null where the confidence is 0; null for no list or an empty one.</summary>
    /// <param name="list">The value in the file.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <param name="isAllowed">Whether there may be so many points.</param>
    /// <param name="allowed">How many there may be, in words.</param>
    /// <exception cref="PictureException">No such list; the message names the place.</exception>
    public IReadOnlyList<PosePoint?>? Read(
        JsonElement list,
        string place,
        Func<int, bool> isAllowed,
        string allowed
    )
    {
        if (list.ValueKind == JsonValueKind.Null || list is { ValueKind: JsonValueKind.Array } && IsEmpty(list))
        {
            return null;
        }

        var values = list.ValueKind == JsonValueKind.Array ? Flat(list) : [];
        if (values.Length == 0 || values.Length % 3 != 0 || !isAllowed(values.Length / 3))
        {
            var found = list.ValueKind == JsonValueKind.Array ? $"{values.Length} numbers" : list.GetRawText();
            throw new PictureException(
                name,
                $"{place} must be a list of three numbers (x, y, confidence) for each of {allowed} points, not {found}."
            );
        }

        var points = values
            .Select((value, i) => Number(value, $"{place}[{i}]"))
            .Chunk(3)
            .Select(point => point[2] > 0 ? new PosePoint(point[0], point[1]) : (PosePoint?)null);
        return InPixels([.. points]);
    }

    private static bool IsEmpty(JsonElement list) => list.GetArrayLength() == 0;

    private static JsonElement[] Flat(JsonElement list) =>
        [
            .. list.EnumerateArray()
                .SelectMany(value =>
                    value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value }
                ),
        ];

    private double Number(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.Number && Math.Abs(value.GetDouble()) <= MaxCoordinate
            ? value.GetDouble()
            : throw new PictureException(
                name,
                $"{place} must be a number from -{MaxCoordinate} to {MaxCoordinate}, not {value.GetRawText()}."
            );

    private PosePoint?[] InPixels(PosePoint?[] points)
    {
        var areShares = points.OfType<PosePoint>().All(p => Math.Abs(p.X) <= MaxShare && Math.Abs(p.Y) <= MaxShare);
        return !areShares
            ? points
            : Array.ConvertAll(
                points,
                point => point is { } p ? new PosePoint(p.X * canvas.Width, p.Y * canvas.Height) : (PosePoint?)null
            );
    }
}
