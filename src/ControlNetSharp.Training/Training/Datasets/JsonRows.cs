using System.Text.Json;

namespace ControlNetSharp.Training.Datasets;

/// <summary>Reads files with one JSON object a line. Empty lines are passed over.</summary>
internal static class JsonRows
{
    private const string Allowed =
        "a line must be one JSON object, such as {\"source\": \"source/0.png\", \"target\": \"target/0.png\", "
        + "\"prompt\": \"a red house\"}.";

    public static IEnumerable<DatasetRow> Read(string file)
    {
        var number = 0;
        foreach (var text in File.ReadLines(file))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(text))
            {
                yield return Row(file, number, text);
            }
        }
    }

    private static DatasetRow Row(string file, int number, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object
                ? DatasetRow.Damaged(
                    new DatasetException(
                        file,
                        number,
                        null,
                        text,
                        $"is a JSON {root.ValueKind.ToString().ToLowerInvariant()}; {Allowed}"
                    )
                )
                : new DatasetRow(number, Fields(root));
        }
        catch (JsonException e)
        {
            return DatasetRow.Damaged(
                new DatasetException(
                    file,
                    number,
                    null,
                    text,
                    $"is not JSON (byte {e.BytePositionInLine + 1} is not expected); {Allowed}",
                    e
                )
            );
        }
        catch (InvalidOperationException e)
        {
            // The parser lets texts with half a surrogate pair pass.
            return DatasetRow.Damaged(
                new DatasetException(file, number, null, text, $"has a text that is none: {e.Message} {Allowed}", e)
            );
        }
    }

    private static Dictionary<string, DatasetField> Fields(JsonElement line)
    {
        var fields = new Dictionary<string, DatasetField>(StringComparer.Ordinal);
        foreach (var field in line.EnumerateObject())
        {
            fields[field.Name] =
                field.Value.ValueKind == JsonValueKind.String
                    ? new DatasetField(field.Value.GetString()!)
                    : new DatasetField(field.Value.GetRawText(), IsText: false);
        }

        return fields;
    }
}
