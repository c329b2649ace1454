using ControlNetSharp.Annotators;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Training.Datasets;

namespace ControlNetSharp.Training;

/// <summary>The conditions of a training: their names, where their hints come from, and what judges them.</summary>
internal static class TrainingConditions
{
    private const string Member = "conditions";

    /// <summary>The names that a request gives, aliases of kinds as the kind's own.</summary>
    /// <exception cref="RequestException">A name cannot be one, or is given twice.</exception>
    public static List<string> Of(IReadOnlyList<string> names)
    {
        var conditions = new List<string>();
        foreach (var name in names)
        {
            RequestRules.Require(
                name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'),
                Member,
                name,
                "must be 1 to 64 letters, digits, _ or -."
            );
            var condition =
                ConditionKind
                    .All.FirstOrDefault(kind => kind.Aliases.Contains(name, StringComparer.OrdinalIgnoreCase))
                    ?.Name
                ?? name.ToLowerInvariant();
            RequestRules.Require(!conditions.Contains(condition), Member, name, "is given twice.");
            conditions.Add(condition);
        }

        return conditions;
    }

    /// <summary>Where the hints come from: the dataset where it brings them, annotators where it does not.</summary>
    /// <exception cref="RequestException">
    /// The dataset has no hints and a condition no annotator, or it has hints and several conditions are named.
    /// </exception>
    public static IReadOnlyList<(TrainingExample Example, HintSource Source)> Sources(
        IReadOnlyList<string> conditions,
        TrainingDataset dataset
    )
    {
        var withHints = dataset.Examples.Count(example => example.Hint is not null);
        RequestRules.Require(
            withHints == 0 || conditions.Count == 1,
            Member,
            string.Join(" ", conditions),
            $"{withHints} examples of {dataset.Folder} bring their hints, which show one condition; name that one."
        );
        return
        [
            .. dataset.Examples.SelectMany(example =>
                conditions.Select(condition =>
                    (
                        example,
                        example.Hint is not null
                            ? new HintSource(condition)
                            : new HintSource(condition, Annotator(condition, example))
                    )
                )
            ),
        ];
    }

    /// <summary>
    /// The annotator by which samples are scored; null where none works without weights or with those that are there.
    /// </summary>
    public static IAnnotator? Judge(string condition, AnnotatorFiles files, NetworkShelf shelf, string device)
    {
        var annotator = ConditionMetric.All.FirstOrDefault(metric => metric.Kind == condition)?.Annotator;
        try
        {
            return annotator is null ? null : AnnotatorCatalogue.Create(annotator, files, shelf, device);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static AnnotatorInfo Annotator(string condition, TrainingExample example)
    {
        try
        {
            return AnnotatorCatalogue.Find(condition);
        }
        catch (Runtime.UnknownNameException e)
        {
            throw new RequestException(
                Member,
                condition,
                $"the dataset has no hint for {example.Picture}, and none can be made: {e.Problem}",
                e
            );
        }
    }
}
