using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Requests;

/// <summary>
/// Values of a request that came as text: flags, fields of other programs. A text that is none is refused in the words
/// of the member's range.
/// </summary>
internal static class RequestValues
{
    /// <summary>A number.</summary>
    /// <typeparam name="T">The record that has the member.</typeparam>
    /// <param name="property">The member's name in C#.</param>
    /// <param name="member">Its path in the request.</param>
    /// <param name="text">What was written, with a decimal point.</param>
    /// <exception cref="RequestException">It is no number.</exception>
    public static double Real<T>(string property, string member, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Wrong<T>(property, member, text);

    /// <summary>A number, or a curve over the steps.</summary>
    /// <inheritdoc cref="Real{T}"/>
    public static ControlWeight Weight<T>(string property, string member, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : ControlWeight.CurveOf(text) ?? throw Wrong<T>(property, member, text);

    /// <summary>A whole number.</summary>
    /// <inheritdoc cref="Real{T}"/>
    public static long Whole<T>(string property, string member, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Wrong<T>(property, member, text);

    /// <summary>A whole number of at most 32 bits.</summary>
    /// <inheritdoc cref="Real{T}"/>
    public static int Integer<T>(string property, string member, string text) =>
        Whole<T>(property, member, text) is >= int.MinValue and <= int.MaxValue and var value
            ? (int)value
            : throw Wrong<T>(property, member, text);

    /// <summary>A word out of a fixed set, in any case.</summary>
    /// <exception cref="RequestException">There is no such word; the message lists them.</exception>
    public static T Word<T>(string member, string text)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (WordOf(value).Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        throw new RequestException(member, text, $"must be {string.Join(" or ", Enum.GetValues<T>().Select(WordOf))}.");
    }

    /// <summary>The word of a value, as in JSON.</summary>
    public static string WordOf<T>(T value)
        where T : struct, Enum =>
        typeof(T).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
        ?? JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static RequestException Wrong<T>(string property, string member, string text) =>
        new(member, text, MemberRanges.Allowed(typeof(T).GetProperty(property)!)!);
}
