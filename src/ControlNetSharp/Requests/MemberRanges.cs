using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Requests;

/// <summary>
/// What each value of a request may be alone. Ranges stand at the members (<see cref="RangeAttribute"/>), once for C#,
/// JSON, forms and messages.
/// </summary>
internal static class MemberRanges
{
    /// <summary>What a member may be, in words, as its range says it; null where it has none.</summary>
    public static string? Allowed(PropertyInfo property)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is not { } range)
        {
            return null;
        }

        // A range of long is written in doubles, which attributes have.
        var isWhole = range.OperandType != typeof(double) || property.PropertyType == typeof(long?);
        var orCurve = property.PropertyType == typeof(ControlWeight) ? $", or {ControlWeight.Form}" : "";
        return $"must be {(isWhole ? "a whole number" : "a number")} from {Of(property)}{orCurve}.";
    }

    /// <summary>The range of a member, such as <c>0 to 1</c>; null where it has none.</summary>
    public static string? Of(PropertyInfo property) =>
        property.GetCustomAttribute<RangeAttribute>() is { } range
            ? $"{RequestRules.Text(range.Minimum)} to {RequestRules.Text(range.Maximum)}"
            : null;

    /// <summary>The name of a member in JSON.</summary>
    public static string JsonName(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    /// <summary>Checks the members that have a range, and choices, of a record and of its parts.</summary>
    /// <exception cref="RequestException">A value is outside of its range.</exception>
    public static void Check(object part, string path)
    {
        foreach (var property in part.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var member = path.Length == 0 ? JsonName(property) : $"{path}.{JsonName(property)}";
            var value = property.GetValue(part);
            if (property.GetCustomAttribute<RangeAttribute>() is { } range)
            {
                IEnumerable<object> numbers = value switch
                {
                    null => [],
                    ControlWeight weight => weight.Points.Select(point => (object)point.Weight),
                    IEnumerable several => several.Cast<object>(),
                    _ => [value],
                };
                foreach (var (index, number) in numbers.Index())
                {
                    RequestRules.Require(
                        IsWithin(number, range),
                        value is IEnumerable ? $"{member}[{index}]" : member,
                        value is ControlWeight ? value : number,
                        Allowed(property)!
                    );
                }
            }
            else if (value is string text)
            {
                // No file name and no text of a PNG can have these.
                RequestRules.Require(
                    !text.Contains('\0') && IsWhole(text),
                    member,
                    null,
                    "must not have NUL characters or half surrogate pairs."
                );
            }
            else if (value?.GetType() is { IsEnum: true } choices)
            {
                RequestRules.Require(
                    Enum.IsDefined(choices, value),
                    member,
                    value,
                    "must be one of "
                        + $"{string.Join(", ", Enum.GetNames(choices).Select(JsonNamingPolicy.CamelCase.ConvertName))}."
                );
            }
            else if (
                value is InitialPicture or InpaintMask or HiresPass or UpscalePass or OriginalSize or StyleAlignment
            )
            {
                Check(value, member);
            }
        }
    }

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i += char.IsSurrogate(text[i]) ? 2 : 1)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])))
            {
                return false;
            }
        }

        return true;
    }

    // Written so that what is not a number fails, too.
    private static bool IsWithin(object number, RangeAttribute range) =>
        Convert.ToDouble(number, CultureInfo.InvariantCulture) is var value
        && value >= Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture)
        && value <= Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);
}
