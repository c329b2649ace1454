using System.Text.Json;
using System.Text.RegularExpressions;
using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// The configuration that people put beside a checkpoint, under the same name: LDM's (.yaml), or diffusers' of the
/// scheduler (.json). Only what the network predicts is taken from it.
/// Source: v2-inference-v.yaml of SD 2.x; scheduler_config.json of its diffusers folder.
/// </summary>
internal static partial class LdmConfig
{
    private const string LdmExtension = ".yaml";
    private const string DiffusersExtension = ".json";
    private const int LongestConfig = 1 << 20;

    /// <summary>
    /// What the configuration of a checkpoint says; noise where it is LDM's and says nothing; null where there is none
    /// that says something.
    /// </summary>
    /// <param name="checkpoint">The checkpoint's path.</param>
    /// <exception cref="CheckpointException">The file cannot be read, or says something else.</exception>
    public static PredictionType? PredictionOf(string checkpoint)
    {
        var (ldm, diffusers) = (
            Path.ChangeExtension(checkpoint, LdmExtension),
            Path.ChangeExtension(checkpoint, DiffusersExtension)
        );
        return Text(ldm) is { } yaml
            ? Velocity().IsMatch(yaml)
                ? PredictionType.Velocity
                : PredictionType.Epsilon
            : Text(diffusers) is { } json
                ? PredictionIn(diffusers, json)
                : null;
    }

    private static string? Text(string path)
    {
        try
        {
            return !File.Exists(path) || new FileInfo(path).Length > LongestConfig ? null : File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"the configuration cannot be read: {e.Message}", innerException: e);
        }
    }

    /// <summary>The file may be another program's, which says other things.</summary>
    private static PredictionType? PredictionIn(string path, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
                document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("prediction_type", out var said)
                || said.ValueKind != JsonValueKind.String
                ? null
                : said.GetString() switch
                {
                    "v_prediction" or "v" => PredictionType.Velocity,
                    "epsilon" => PredictionType.Epsilon,
                    var other => throw new CheckpointException(
                        path,
                        $"prediction_type is '{other}'; epsilon and v_prediction can be run."
                    ),
                };
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"the configuration cannot be read: {e.Message}", innerException: e);
        }
    }

    [GeneratedRegex(
        """^\s*parameterization:\s*["']?v["']?\s*(#.*)?$""",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Velocity();
}
