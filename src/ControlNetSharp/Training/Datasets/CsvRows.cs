using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace ControlNetSharp.Training.Datasets;

/// <summary>Reads comma-separated values with a header (RFC 4180: quotes, commas and line breaks in quotes). Empty lines are passed over.</summary>
internal static class CsvRows
{
    public static IEnumerable<DatasetRow> Read(string file)
    {
        string? bad = null;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = data => bad = data.Field };
        using var parser = new CsvParser(new StreamReader(file, Encoding.UTF8), configuration);
        if (!parser.Read())
        {
            yield break;
        }

        var names = parser.Record!;
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException(file, 1, twice.Key, null, "is the name of several columns; each name may be there once.");
        }

        for (var line = parser.RawRow + 1; parser.Read(); line = parser.RawRow + 1)
        {
            var values = parser.Record!;
            yield return bad is not null ? DatasetRow.Damaged(line, new DatasetException(file, line, null, bad, "has a quote within a value; a value with quotes must stand in quotes, each of its own quotes twice."))
                : values.Length != names.Length ? DatasetRow.Damaged(line, new DatasetException(file, line, null, null, $"has {values.Length} values; the header has {names.Length} ({string.Join(", ", names)}). A value with commas must stand in quotes."))
                : new DatasetRow(line, names.Zip(values).ToDictionary(pair => pair.First, string? (pair) => pair.Second, StringComparer.Ordinal));
            bad = null;
        }
    }
}
