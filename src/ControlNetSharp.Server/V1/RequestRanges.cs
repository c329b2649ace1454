using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using ControlNetSharp.Server.Safety;

namespace ControlNetSharp.Server.V1;

/// <summary>
/// What each member of a request may be, by its path: read off the records themselves, so that forms and messages say
/// the same.
/// </summary>
internal static class RequestRanges
{
    /// <summary>Names that stand in catalogues.</summary>
    private static readonly Dictionary<string, IReadOnlyList<string>> Names = new(StringComparer.Ordinal)
    {
        ["sampler"] = [.. SamplerCatalogue.Samplers.Select(row => row.Name)],
        ["scheduler"] = [SamplerCatalogue.Automatic, .. SamplerCatalogue.Schedulers.Select(row => row.Name)],
        ["hires.upscaler"] = [.. UpscalerCatalogue.All.Select(row => row.Name)],
        ["upscale.upscaler"] = [.. UpscalerCatalogue.All.Where(row => row.Pixels is not null).Select(row => row.Name)],
    };

    /// <summary>The ranges on a server that allows less.</summary>
    public static IReadOnlyDictionary<string, RangeView> Within(RequestLimits limits)
    {
        var less = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["steps"] = limits.Steps,
            ["hires.steps"] = limits.Steps,
            ["upscale.steps"] = limits.Steps,
            ["batch"] = limits.Batch,
            ["count"] = limits.Count,
        };
        return All.ToDictionary(
            entry => entry.Key,
            entry =>
                less.TryGetValue(entry.Key, out var most) && most < entry.Value.Max
                    ? entry.Value with
                    {
                        Max = most,
                    }
                    : entry.Value,
            StringComparer.Ordinal
        );
    }

    /// <summary>By path, such as <c>units.weight</c>.</summary>
    public static IReadOnlyDictionary<string, RangeView> All { get; } =
        Of(typeof(GenerationRequest), "").ToDictionary(entry => entry.Path, entry => entry.Range);

    private static IEnumerable<(string Path, RangeView Range)> Of(Type type, string prefix)
    {
        var fresh = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(IsMember))
        {
            var path = prefix + MemberRanges.JsonName(property);
            var inner = ElementOf(property.PropertyType);
            if (RangeOf(property, path, property.GetValue(fresh)) is { } range)
            {
                yield return (path, range);
            }
            else if (inner.Assembly == type.Assembly && inner.GetProperties().Any(HasRange))
            {
                foreach (var entry in Of(inner, path + "."))
                {
                    yield return entry;
                }
            }
        }
    }

    private static RangeView? RangeOf(PropertyInfo property, string path, object? value)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            var type = ElementOf(property.PropertyType);
            return new RangeView
            {
                Min = Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture),
                Max = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture),
                Step = property.DeclaringType == typeof(PictureSize) ? PictureSize.Step : null,
                Whole = type == typeof(int) || type == typeof(long),
                Default =
                    property.DeclaringType == typeof(PictureSize) ? null
                    : value is ControlWeight weight ? weight.At(0)
                    : value,
            };
        }

        var kind = ElementOf(property.PropertyType);
        return kind.IsEnum ? new RangeView { Words = WordsOf(kind), Default = value is null ? null : WordOf(value) }
            : kind == typeof(bool) ? new RangeView { Default = value }
            : Names.TryGetValue(path, out var names) ? new RangeView { Words = names, Default = value }
            : null;
    }

    private static bool IsMember(PropertyInfo property) =>
        property.GetMethod is { IsPublic: true, IsStatic: false }
        && property.GetCustomAttribute<JsonIgnoreAttribute>() is null
        && property.SetMethod is not null;

    private static bool HasRange(PropertyInfo property) => property.GetCustomAttribute<RangeAttribute>() is not null;

    private static Type ElementOf(Type type) =>
        Nullable.GetUnderlyingType(type)
        ?? (type.IsGenericType && type.GetGenericArguments() is [var element] ? element : type);

    /// <summary>The words of a choice.</summary>
    public static IReadOnlyList<string> WordsOf(Type type) => [.. Enum.GetValues(type).Cast<object>().Select(WordOf)];

    private static string WordOf(object value) =>
        (string)
            typeof(RequestValues)
                .GetMethod(nameof(RequestValues.WordOf))!
                .MakeGenericMethod(value.GetType())
                .Invoke(null, [value])!;
}
