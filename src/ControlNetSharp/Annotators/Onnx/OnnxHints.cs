using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;

namespace ControlNetSharp.Annotators.Onnx;

/// <summary>
/// Annotators that are any ONNX file of depth or lines, named by the file: how the network wants its picture, and what
/// its numbers mean, is said by options, since no file tells.
/// </summary>
internal static class OnnxHints
{
    public const string Width = "width",
        Height = "height",
        Normalise = "normalise",
        Channels = "channels",
        Output = "output",
        Large = "large",
        Lines = "lines",
        Range = "range";
    private const string Ending = ".onnx";
    private const int MostSide = 4096,
        MostOutputs = 16;

    /// <summary>The kind whose maps are depth; the others are lines.</summary>
    public const string DepthKind = "depth";

    /// <summary>How bytes become the network's numbers, by the words of <see cref="Normalise"/>.</summary>
    public static IReadOnlyList<OnnxNormalisation> Normalisations { get; } =
    [
        new("imagenet", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        new("half", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
        new("unit", [0, 0, 0], [1, 1, 1]),
        new("bytes", [0, 0, 0], [1 / 255.0, 1 / 255.0, 1 / 255.0]),
    ];

    /// <summary>Whether a name is that of such a file.</summary>
    public static bool IsName(string name) => name.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a kind can have such annotators.</summary>
    public static bool CanMake(ConditionKind kind) => kind.Name == DepthKind || HintCheck.IsOfLines(kind);

    /// <summary>The row of a file.</summary>
    /// <param name="kind">The condition kind of its hints.</param>
    /// <param name="file">The file's name, without a folder: it is looked for where weights are.</param>
    public static AnnotatorInfo InfoOf(ConditionKind kind, string file) =>
        new(kind.Name, [file], OptionsOf(kind), $"{kind.Meaning}, by an ONNX file")
        {
            Weights = new AnnotatorWeights([file], "whoever made it", "its own"),
        };

    /// <summary>Rents the network of a row.</summary>
    /// <exception cref="FileNotFoundException">The file is in none of the folders.</exception>
    /// <exception cref="CheckpointException">It is no ONNX model.</exception>
    public static IAnnotator Create(AnnotatorInfo info, AnnotatorNetworks networks) =>
        new OnnxHintAnnotator(info, networks.RentOnnx(networks.Files.Find(info)));

    private static AnnotatorOption[] OptionsOf(ConditionKind kind)
    {
        var isDepth = kind.Name == DepthKind;
        string[] numbers = [.. Normalisations.Select(row => row.Name)];
        return
        [
            new(Width, 0, MostSide, 0, Whole: true, "columns that it sees; 0: what the file says, else the picture's"),
            new(Height, 0, MostSide, 0, Whole: true, "rows that it sees; 0: what the file says, else the picture's"),
            Choice(
                Normalise,
                numbers,
                numbers.IndexOf(isDepth ? "imagenet" : "unit"),
                "imagenet: by its mean and deviation; half: -1 to 1; unit: 0 to 1; bytes: 0 to 255"
            ),
            Choice(Channels, ["rgb", "bgr"], 0, "the order of its input's channels"),
            new(Output, 0, MostOutputs - 1, 0, Whole: true, "which of its outputs is the map, counted from 0"),
            .. isDepth
                ? new[] { Choice(Large, ["near", "far"], 0, "whether large numbers are near or far") }
                :
                [
                    Choice(Lines, ["light", "dark"], 0, "whether its lines are light or dark"),
                    Choice(Range, ["unit", "bytes"], 0, "what white is in its output: 1 or 255"),
                ],
        ];
    }

    private static AnnotatorOption Choice(string name, string[] words, int usual, string meaning) =>
        new(name, 0, words.Length - 1, usual, Whole: true, meaning) { Words = words };
}

/// <summary>How bytes become numbers: byte / 255, less a mean, by a deviation, for each channel of RGB.</summary>
internal sealed record OnnxNormalisation(string Name, double[] Mean, double[] Deviation);
