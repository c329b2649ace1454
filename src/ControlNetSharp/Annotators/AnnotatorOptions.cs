namespace ControlNetSharp.Annotators;

/// <summary>Checked values for the options of one annotator; what is not given has its default.</summary>
public sealed class AnnotatorOptions
{
    private readonly Dictionary<string, double> _values;

    /// <summary>Checks and keeps values.</summary>
    /// <param name="info">The annotator that they are for.</param>
    /// <param name="values">Values by option name.</param>
    /// <exception cref="ArgumentException">
    /// An option that the annotator does not have, or a value out of range: the message names option, value and what is
    /// allowed.
    /// </exception>
    public AnnotatorOptions(AnnotatorInfo info, IReadOnlyDictionary<string, double>? values = null)
    {
        Info = info;
        _values = info.Options.ToDictionary(option => option.Name, option => option.Default, StringComparer.Ordinal);
        foreach (var (name, value) in values ?? new Dictionary<string, double>())
        {
            OptionOf(info, name).Check(value);
            _values[name] = value;
        }
    }

    /// <summary>The annotator that the values are for.</summary>
    public AnnotatorInfo Info { get; }

    /// <summary>The value of an option, given or default.</summary>
    /// <param name="name">A name of the annotator's <see cref="AnnotatorInfo.Options"/>.</param>
    /// <exception cref="ArgumentException">An option that the annotator does not have.</exception>
    public double this[string name] => _values[OptionOf(Info, name).Name];

    /// <summary>Reads values from texts such as those of a command line.</summary>
    /// <param name="info">The annotator that they are for.</param>
    /// <param name="values">Numbers as text, with a decimal point, by option name.</param>
    /// <exception cref="ArgumentException">
    /// An option that the annotator does not have, a text that is no number, or a value out of range.
    /// </exception>
    public static AnnotatorOptions Parse(AnnotatorInfo info, IReadOnlyDictionary<string, string> values) =>
        new(info, values.ToDictionary(pair => pair.Key, pair => ParseNumber(OptionOf(info, pair.Key), pair.Value)));

    private static double ParseNumber(AnnotatorOption option, string text) =>
        option.NumberOf(text)
        ?? throw new ArgumentException($"{option.Name} must be {option.Allowed}, not \"{text}\".", option.Name);

    private static AnnotatorOption OptionOf(AnnotatorInfo info, string name) =>
        info.Options.FirstOrDefault(option => option.Name == name)
        ?? throw new ArgumentException(
            $"The annotator {info.Kind} has no option \"{name}\"; it has {NamesOf(info.Options)}.",
            name
        );

    private static string NamesOf(IReadOnlyCollection<AnnotatorOption> options) =>
        options.Count == 0 ? "none" : string.Join(", ", options.Select(option => option.Name));
}
