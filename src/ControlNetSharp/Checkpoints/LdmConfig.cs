using System.Text.RegularExpressions;

namespace ControlNetSharp.Checkpoints;

/// <summary>The configuration of LDM that people put beside a checkpoint, under the same name. Only what the network predicts is taken from it. Source: v2-inference-v.yaml of SD 2.x.</summary>
internal static partial class LdmConfig
{
    public const string Extension = ".yaml";
    private const int LongestConfig = 1 << 20;

    /// <summary>Whether the configuration says velocity; false where it says something else or nothing; null where there is no such file.</summary>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public static bool? PredictionOf(string path)
    {
        try
        {
            return !File.Exists(path) || new FileInfo(path).Length > LongestConfig ? null : Velocity().IsMatch(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"the configuration cannot be read: {e.Message}", innerException: e);
        }
    }

    [GeneratedRegex("""^\s*parameterization:\s*["']?v["']?\s*(#.*)?$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Velocity();
}
