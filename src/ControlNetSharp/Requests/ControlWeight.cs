using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Requests;

/// <summary>
/// How strongly a unit acts: a number, which converts to it, or a curve over the steps, linear between its points and
/// constant before the first and after the last. In JSON a curve is a text, <c>0:1|0.5:0.6|1:0</c>.
/// </summary>
[JsonConverter(typeof(ControlWeightConverter))]
public readonly record struct ControlWeight
{
    /// <summary>How a curve is written.</summary>
    internal const string Form = "POSITION:WEIGHT pairs with | between them, such as 0:1|0.5:0.6|1:0";

    private static readonly (double Position, double Weight)[] Nothing = [(0, 0)];
    private readonly (double Position, double Weight)[]? _points;

    private ControlWeight((double Position, double Weight)[] points) => _points = points;

    /// <summary>
    /// The points of the curve: shares of the steps, 0 to 1 and rising, with the weights there, 0 to 2. Of a number one
    /// point.
    /// </summary>
    public IReadOnlyList<(double Position, double Weight)> Points => _points ?? Nothing;

    /// <summary>Whether it is above 0 anywhere.</summary>
    internal bool IsOn => Points.Any(point => point.Weight > 0);

    /// <summary>The same weight at all steps.</summary>
    public static implicit operator ControlWeight(double weight) => new([(0, weight)]);

    /// <summary>
    /// A curve; a request that has it is refused where its points are not as <see cref="Points"/> says.
    /// </summary>
    /// <exception cref="ArgumentException">There are no points.</exception>
    public static ControlWeight Curve(params IReadOnlyList<(double Position, double Weight)> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        return points.Count > 0 ? new([.. points]) : throw new ArgumentException("A curve has points.", nameof(points));
    }

    /// <summary>The weight at a point of the run.</summary>
    /// <param name="position">Share of the steps that are done, 0 to 1.</param>
    public double At(double position)
    {
        var (before, weight) = Points[0];
        foreach (var (after, next) in Points)
        {
            if (position < after)
            {
                return before == after ? next : weight + (next - weight) * ((position - before) / (after - before));
            }

            (before, weight) = (after, next);
        }

        return weight;
    }

    /// <summary>Whether both have the same points.</summary>
    public bool Equals(ControlWeight other) => Points.SequenceEqual(other.Points);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        Points.Aggregate(0, (hash, point) => HashCode.Combine(hash, point.Position, point.Weight));

    /// <summary>As people write it: <c>0.8</c>, or <c>0:1|0.5:0.6|1:0</c>.</summary>
    public override string ToString() =>
        Points is [(0, var weight)]
            ? Text(weight)
            : string.Join('|', Points.Select(point => $"{Text(point.Position)}:{Text(point.Weight)}"));

    /// <summary>A curve as it is written; null where the text is none.</summary>
    internal static ControlWeight? CurveOf(string text)
    {
        var numbers = text.Split('|').Select(point => point.Split(':').Select(Number).ToArray()).ToList();
        return numbers.TrueForAll(point => point is [not null, not null])
            ? new([.. numbers.Select(point => (point[0]!.Value, point[1]!.Value))])
            : null;
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary><see cref="ControlWeight"/> in JSON: a number where it is the same at all steps, else its text.</summary>
internal sealed class ControlWeightConverter : JsonConverter<ControlWeight>
{
    public override ControlWeight Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.Number => reader.GetDouble(),
            JsonTokenType.String when ControlWeight.CurveOf(reader.GetString()!) is { } curve => curve,
            _ => throw new JsonException($"must be a number or a text of {ControlWeight.Form}."),
        };

    public override void Write(Utf8JsonWriter writer, ControlWeight value, JsonSerializerOptions options)
    {
        if (value.Points is [(0, var weight)])
        {
            writer.WriteNumberValue(weight);
        }
        else
        {
            writer.WriteStringValue(value.ToString());
        }
    }
}
