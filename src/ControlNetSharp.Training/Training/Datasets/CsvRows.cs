using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// Reads comma-separated values with a header (RFC 4180: commas, quotes and line breaks in quotes). Empty lines are
/// passed over.
/// </summary>
internal static class CsvRows
{
    public static IEnumerable<DatasetRow> Read(string file)
    {
        var hasStrayQuote = false;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = _ => hasStrayQuote = true,
        };
        using var parser = new CsvParser(new StreamReader(file, Encoding.UTF8), configuration);
        if (!parser.Read())
        {
            yield break;
        }

        var names = parser.Record!;
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException(
                file,
                1,
                twice.Key,
                null,
                "is the name of several columns; each name may be there once."
            );
        }

        while (parser.Read())
        {
            var values = parser.Record!;
            // A record may go over several lines; the parser counts to its last one.
            var line = parser.RawRow - parser.RawRecord.TrimEnd().Count(character => character == '\n');
            yield return hasStrayQuote
                ? DatasetRow.Damaged(
                    new DatasetException(
                        file,
                        line,
                        null,
                        parser.RawRecord.Trim(),
                        "has a quote within a value; a value with quotes must stand in quotes, with each of its own "
                            + "quotes twice."
                    )
                )
            : values.Length != names.Length
                ? DatasetRow.Damaged(
                    new DatasetException(
                        file,
                        line,
                        null,
                        parser.RawRecord.Trim(),
                        $"has {values.Length} values; it must have those of the header, {string.Join(", ", names)}. A "
                            + "value with commas must stand in quotes."
                    )
                )
            : new DatasetRow(
                line,
                names
                    .Zip(values)
                    .ToDictionary(pair => pair.First, pair => new DatasetField(pair.Second), StringComparer.Ordinal)
            );
            hasStrayQuote = false;
        }
    }
}
