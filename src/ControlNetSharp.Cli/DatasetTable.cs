using System.Globalization;
using ControlNetSharp.Training.Datasets;

namespace ControlNetSharp.Cli;

/// <summary>A dataset's report as tables for people.</summary>
internal static class DatasetTable
{
    /// <summary>So many sizes are listed; the rest is a count.</summary>
    private const int ListedSizes = 8;

    private const int BarWidth = 24;

    public static void Write(TextWriter writer, DatasetReport report)
    {
        writer.WriteLine($"{report.Folder}: {Counts.Of(report.Examples, "example")}, {Layout(report.Layout)}");
        WriteSizes(writer, report);
        WriteBuckets(writer, report);
        writer.WriteLine();
        foreach (var finding in report.Findings)
        {
            writer.WriteLine(
                $"{(finding.PreventsTraining ? "ERROR" : "warning")} {finding.Code} ({finding.Count}): "
                    + $"{finding.Meaning}"
            );
            foreach (var file in finding.Files)
            {
                writer.WriteLine($"    {file}");
            }

            if (finding.Count > finding.Files.Count)
            {
                writer.WriteLine($"    and {finding.Count - finding.Files.Count} more");
            }
        }

        var warnings = report.Findings.Count(finding => !finding.PreventsTraining);
        writer.WriteLine(
            !report.CanTrain ? "Training is impossible until the errors are mended."
            : warnings > 0 ? $"Training is possible; {Counts.Of(warnings, "warning")}."
            : "Training is possible; nothing was found."
        );
    }

    private static string Layout(DatasetLayout layout) =>
        layout switch
        {
            DatasetLayout.PromptJson => "listed in prompt.json",
            DatasetLayout.MetadataJsonl => "listed in metadata.jsonl",
            DatasetLayout.MetadataCsv => "listed in metadata.csv",
            _ => "captions in .txt files; hints come from an annotator",
        };

    private static void WriteSizes(TextWriter writer, DatasetReport report)
    {
        if (report.Sizes.Count == 0)
        {
            return;
        }

        var rest = report.Sizes.Skip(ListedSizes).ToList();
        writer.WriteLine();
        writer.WriteLine("| size | pictures | |");
        writer.WriteLine("| --- | --- | --- |");
        foreach (var size in report.Sizes.Take(ListedSizes))
        {
            writer.WriteLine(
                $"| {size.Width} x {size.Height} | {size.Count} | {Bar(size.Count, report.Sizes[0].Count)} |"
            );
        }

        if (rest.Count > 0)
        {
            writer.WriteLine($"| {rest.Count} other sizes | {rest.Sum(size => size.Count)} | |");
        }
    }

    private static void WriteBuckets(TextWriter writer, DatasetReport report)
    {
        if (report.Buckets.Count == 0)
        {
            return;
        }

        var most = report.Buckets.Max(bucket => bucket.Count);
        writer.WriteLine();
        writer.WriteLine($"| bucket at {report.Resolution} | aspect | pictures | | cropped (mean) | enlarged |");
        writer.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var bucket in report.Buckets)
        {
            writer.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {bucket.Width} x {bucket.Height} | {(double)bucket.Width / bucket.Height:f2} | {bucket.Count} "
                        + $"| {Bar(bucket.Count, most)} | {bucket.Cropped:p1} | {bucket.Enlarged} |"
                )
            );
        }
    }

    private static string Bar(int count, int most) => new('━', Math.Max(1, BarWidth * count / most));
}
