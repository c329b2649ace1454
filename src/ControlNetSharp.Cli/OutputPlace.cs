using System.CommandLine;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>The place of a result, checked before the work begins, with errors that name the option.</summary>
internal static class OutputPlace
{
    /// <summary>The option of every command that writes files of the user's choice.</summary>
    public static readonly Option<bool> Overwrite = new("--overwrite")
    {
        Description = "Replaces files that are there; without it nothing is ever replaced.",
    };

    /// <inheritdoc cref="OutputFolder.CheckFree"/>
    /// <exception cref="UsageException">One is, and may not be replaced.</exception>
    public static void CheckFree(string option, string value, IEnumerable<string> files, bool overwrites) =>
        Named(option, () => OutputFolder.CheckFree(option, value, files, overwrites));

    /// <inheritdoc cref="OutputFolder.Check"/>
    /// <exception cref="UsageException">There is no such folder, or nothing can be written there.</exception>
    public static void Check(string option, string value, string folder) =>
        Named(option, () => OutputFolder.Check(option, value, folder));

    private static void Named(string option, Action check) =>
        RequestErrors.Named(
            new Dictionary<string, string> { [option] = option, ["overwrite"] = Overwrite.Name },
            () =>
            {
                check();
                return true;
            }
        );
}
