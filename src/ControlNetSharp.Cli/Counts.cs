namespace ControlNetSharp.Cli;

/// <summary>Numbers of things in words.</summary>
internal static class Counts
{
    /// <summary>1 warning, 2 warnings.</summary>
    public static string Of(long count, string thing) => $"{count} {thing}{(count == 1 ? "" : "s")}";
}
