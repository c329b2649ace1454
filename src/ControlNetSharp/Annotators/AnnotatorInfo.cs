using System.Globalization;

namespace ControlNetSharp.Annotators;

/// <summary>What is known about an annotator without running it.</summary>
/// <param name="Kind">The condition kind of its hints: a name of <see cref="ConditionKind.All"/>.</param>
/// <param name="ModuleNames">The names under which A1111's control units know it, the usual one first.</param>
/// <param name="Options">Its options, in the order of A1111's sliders.</param>
/// <param name="Meaning">One line for a list of annotators.</param>
public sealed record AnnotatorInfo(
    string Kind,
    IReadOnlyList<string> ModuleNames,
    IReadOnlyList<AnnotatorOption> Options,
    string Meaning
)
{
    /// <summary>Its usual name: the first of <see cref="ModuleNames"/>.</summary>
    public string Name => ModuleNames[0];

    /// <summary>The file that it needs; null where it needs none.</summary>
    public AnnotatorWeights? Weights { get; init; }

    /// <summary>Whether it is for drawings of lines, which it only cleans.</summary>
    public bool IsForDrawings { get; init; }

    /// <summary>The options that are A1111's sliders: it has no choices.</summary>
    internal IEnumerable<AnnotatorOption> Sliders => Options.Where(option => option.Words.Count == 0);

    /// <summary>Whether it needs a file that does not come with the embedded model.</summary>
    public bool NeedsDownload => Weights is { IsEmbedded: false };

    /// <summary>
    /// The annotator of this kind that answers where this one sees nobody; null where none does. It does so where the
    /// kind was asked for, and not where this annotator was asked for by its name.
    /// </summary>
    internal AnnotatorInfo? Fallback { get; init; }

    /// <summary>Files that it needs beside <see cref="Weights"/>: of networks for details, such as hands.</summary>
    public IReadOnlyList<AnnotatorWeights> FurtherWeights { get; init; } = [];
}

/// <summary>One number that an annotator can be given.</summary>
/// <param name="Name">Lower case, as on the command line.</param>
/// <param name="Min">Smallest allowed value.</param>
/// <param name="Max">Largest allowed value.</param>
/// <param name="Default">The value when none is given.</param>
/// <param name="Whole">Whether only whole numbers are allowed.</param>
/// <param name="Meaning">One line for help texts.</param>
public sealed record AnnotatorOption(string Name, double Min, double Max, double Default, bool Whole, string Meaning)
{
    /// <summary>Words for the numbers from <see cref="Min"/> = 0 on, where the option is a choice; else none.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>What is allowed, in words.</summary>
    public string Allowed =>
        Words.Count > 0
            ? $"{string.Join(", ", Words.SkipLast(1))} or {Words[^1]}"
            : $"a {(Whole ? "whole " : "")}number from {Min} to {Max}";

    /// <summary>
    /// The number that a text means: one of <see cref="Words"/>, or a number with a decimal point; null where it is
    /// neither.
    /// </summary>
    internal double? NumberOf(string text) =>
        Words
            .Index()
            .Where(word => word.Item.Equals(text, StringComparison.OrdinalIgnoreCase))
            .Select(word => (double?)word.Index)
            .FirstOrDefault()
        ?? (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null);

    /// <summary>Whether a value is allowed.</summary>
    internal bool Allows(double value) => value >= Min && value <= Max && (!Whole || value == Math.Floor(value));

    internal void Check(double value)
    {
        if (!Allows(value))
        {
            throw new ArgumentOutOfRangeException(Name, value, $"{Name} must be {Allowed}.");
        }
    }
}
