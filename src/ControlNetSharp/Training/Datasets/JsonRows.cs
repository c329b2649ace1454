using System.Text;
using System.Text.Json;

namespace ControlNetSharp.Training.Datasets;

/// <summary>Reads files with one JSON object a line. Empty lines are passed over.</summary>
internal static class JsonRows
{
    private const string Allowed = "must be one JSON object, such as {\"source\": \"source/0.png\", \"target\": \"target/0.png\", \"prompt\": \"a red house\"}";

    public static IEnumerable<DatasetRow> Read(string file)
    {
        var number = 0;
        using var reader = new StreamReader(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        while (reader.ReadLine() is { } text)
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
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return DatasetRow.Damaged(number, new DatasetException(file, number, null, text, $"is a JSON {document.RootElement.ValueKind.ToString().ToLowerInvariant()}; a line {Allowed}."));
            }

            var fields = new Dictionary<string, string?>(StringComparer.Ordinal);
            foreach (var field in document.RootElement.EnumerateObject())
            {
                // Fields of other kinds belong to other programs; where one of ours is not a text, its raw form is no file's name and no caption.
                fields[field.Name] = field.Value.ValueKind switch
                {
                    JsonValueKind.String => field.Value.GetString(),
                    JsonValueKind.Null => null,
                    _ => field.Value.GetRawText(),
                };
            }

            return new DatasetRow(number, fields);
        }
        catch (JsonException e)
        {
            return DatasetRow.Damaged(number, new DatasetException(file, number, null, text, $"is not JSON at character {e.BytePositionInLine + 1}; a line {Allowed}.", e));
        }
    }
}
