using System.Text.RegularExpressions;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>
/// Errors of requests in the words of the command line: the library names members, and other members in backquotes;
/// people on the command line know options.
/// </summary>
internal static partial class RequestErrors
{
    /// <summary>Does work on a request that was made of options.</summary>
    /// <param name="options">The option of each member, by the member's path without what is in brackets.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="UsageException">In place of the library's error.</exception>
    public static T Named<T>(IReadOnlyDictionary<string, string> options, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (RequestException e) when (options.TryGetValue(Index().Replace(e.Member, ""), out var option))
        {
            var problem = Quoted()
                .Replace(e.Problem, match => options.GetValueOrDefault(match.Groups["member"].Value) ?? match.Value);
            throw UsageException.Of(option, e.Value ?? "", problem, e);
        }
    }

    [GeneratedRegex(@"\[\d+\]", RegexOptions.None, 1000)]
    private static partial Regex Index();

    [GeneratedRegex("`(?<member>\\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();
}
