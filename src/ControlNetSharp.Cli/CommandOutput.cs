using System.Text.Encodings.Web;
using System.Text.Json;

namespace ControlNetSharp.Cli;

/// <summary>Where a command writes: results to standard output, progress and warnings to standard error.</summary>
internal sealed record CommandOutput(TextWriter Result, TextWriter Message, bool IsTerminal)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes one JSON object with camelCase keys.</summary>
    public void WriteJson<T>(T value) => Result.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>Writes a result: the object where JSON is asked for, the text for people where it is not.</summary>
    public void Report<T>(bool json, T report, string text)
    {
        if (json)
        {
            WriteJson(report);
        }
        else
        {
            Result.WriteLine(text);
        }
    }
}
