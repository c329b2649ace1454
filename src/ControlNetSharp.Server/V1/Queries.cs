using System.Globalization;
using ControlNetSharp.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ControlNetSharp.Server.V1;

/// <summary>Values of queries and headers; a wrong one is refused as a member of a request is.</summary>
internal static class Queries
{
    private const int MostLetters = 200;

    /// <summary>A text; null where it is not given.</summary>
    public static string? Text(IQueryCollection query, string name) => Checked(name, query[name]);

    /// <summary>A text of one line, not too long to be kept with a job.</summary>
    /// <exception cref="RequestException">It is none.</exception>
    public static string? Checked(string name, StringValues values)
    {
        RequestRules.Require(values.Count <= 1, name, null, "must be given once.");
        var text = values.Count == 0 ? null : values[0];
        RequestRules.Require(
            text is null || (text.Length is > 0 and <= MostLetters && !text.Any(char.IsControl)),
            name,
            null,
            $"must be a text of 1 to {MostLetters} letters without control characters."
        );
        return text;
    }

    /// <summary>A whole number; null where it is not given.</summary>
    /// <exception cref="RequestException">It is none, or out of range.</exception>
    public static int? Whole(IQueryCollection query, string name, int least, int most)
    {
        if (Text(query, name) is not { } text)
        {
            return null;
        }

        return
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
            ? value
            : throw new RequestException(name, text, $"must be a whole number from {least} to {most}.");
    }

    /// <summary>Words out of a fixed set, with commas between them; none where it is not given.</summary>
    /// <exception cref="RequestException">One is not in the set.</exception>
    public static IReadOnlyList<string> Words(IQueryCollection query, string name, IReadOnlyList<string> allowed) =>
        [
            .. (Text(query, name)?.Split(',') ?? []).Select(word =>
                allowed.Contains(word)
                    ? word
                    : throw new RequestException(name, word, $"must be {string.Join(" or ", allowed)}.")
            ),
        ];
}
