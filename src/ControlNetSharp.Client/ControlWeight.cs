using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Client;

/// <summary>How strongly a unit acts: a number, which converts to it, or a curve over the steps.</summary>
[JsonConverter(typeof(ControlWeightConverter))]
public readonly record struct ControlWeight
{
    private readonly string? _curve;
    private readonly double _number;

    internal ControlWeight(double number, string? curve) => (_number, _curve) = (number, curve);

    /// <summary>The same weight at all steps.</summary>
    public static implicit operator ControlWeight(double weight) => new(weight, null);

    /// <summary>A curve, linear between its points.</summary>
    /// <param name="points">Shares of the steps, 0 to 1 and rising, with the weights there.</param>
    public static ControlWeight Curve(params IReadOnlyList<(double Position, double Weight)> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        return new(0, string.Join('|', points.Select(point => $"{Text(point.Position)}:{Text(point.Weight)}")));
    }

    /// <summary>As people write it: <c>0.8</c>, or <c>0:1|0.5:0.6|1:0</c>.</summary>
    public override string ToString() => _curve ?? Text(_number);

    internal void Write(Utf8JsonWriter writer)
    {
        if (_curve is null)
        {
            writer.WriteNumberValue(_number);
        }
        else
        {
            writer.WriteStringValue(_curve);
        }
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A number, or the text of a curve.</summary>
internal sealed class ControlWeightConverter : JsonConverter<ControlWeight>
{
    public override ControlWeight Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? new ControlWeight(0, reader.GetString()) : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, ControlWeight value, JsonSerializerOptions options) =>
        value.Write(writer);
}
