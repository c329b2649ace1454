using System.Text.Json;

namespace ControlNetSharp.Server.Operation;

/// <summary>Flags, environment and file → settings. The first that has a value counts, in this order.</summary>
/// <param name="Table">The settings that may be given.</param>
/// <param name="Flags">The values of a setting's flag; null where it is not given.</param>
/// <param name="Variables">The value of an environment variable; null where there is none.</param>
/// <param name="File">A JSON file with one object; null for none.</param>
internal sealed record SettingSources(
    IReadOnlyList<Setting> Table,
    Func<Setting, IReadOnlyList<string>?> Flags,
    Func<string, string?> Variables,
    string? File
)
{
    private static readonly JsonDocumentOptions WithComments = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Reads all.</summary>
    /// <param name="start">The defaults.</param>
    /// <returns>The settings as far as they can be read, and a sentence for each value that is wrong.</returns>
    public (ServerSettings Settings, IReadOnlyList<string> Problems) Read(ServerSettings start)
    {
        var problems = new List<string>();
        var file = ReadFile(problems);
        var settings = start;
        foreach (var setting in Table)
        {
            if (Find(setting, file) is not { } given)
            {
                continue;
            }

            try
            {
                settings = setting.Apply(settings, given.Values);
            }
            catch (FormatException e)
            {
                problems.Add($"{given.Place} {Shown(setting, given.Values)}: {e.Message}");
            }
        }

        return (settings, problems);
    }

    private (string Place, IReadOnlyList<string> Values)? Find(
        Setting setting,
        Dictionary<string, IReadOnlyList<string>> file
    )
    {
        if (Flags(setting) is { Count: > 0 } flags)
        {
            return (setting.Name, flags);
        }

        if (Variables(setting.Variable) is { } variable)
        {
            return (
                setting.Variable,
                setting.IsMany ? variable.Split(';', StringSplitOptions.RemoveEmptyEntries) : [variable]
            );
        }

        return file.TryGetValue(setting.Key, out var values) ? ($"{File}: {setting.Key}", values) : null;
    }

    // A password is not repeated to whoever reads the log.
    private static string Shown(Setting setting, IReadOnlyList<string> values) =>
        setting.Name == "auth" ? "(not shown)" : string.Join(", ", values);

    private Dictionary<string, IReadOnlyList<string>> ReadFile(List<string> problems)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (File is null)
        {
            return values;
        }

        try
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllText(File), WithComments);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new JsonException("it must be one object.");
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                // A setting of the front end in a file that workers share is no fault.
                if (SettingTable.All.All(setting => setting.Key != member.Name))
                {
                    problems.Add(
                        $"{File}: {member.Name}: is no setting; there are "
                            + $"{string.Join(", ", SettingTable.All.Select(setting => setting.Key))}."
                    );
                }
                else if (Texts(member.Value) is { } texts)
                {
                    values[member.Name] = texts;
                }
                else
                {
                    problems.Add($"{File}: {member.Name}: must be a text, a number, true, false, or a list of texts.");
                }
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            problems.Add($"config {File}: {e.Message}");
        }

        return values;
    }

    private static List<string>? Texts(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => [value.GetRawText()],
            JsonValueKind.Array
                when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                    && value.GetArrayLength() > 0 => [.. value.EnumerateArray().Select(item => item.GetString()!)],
            _ => null,
        };
}
