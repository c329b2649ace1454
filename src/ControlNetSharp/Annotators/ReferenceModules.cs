using ControlNetSharp.Networks.Controls;

namespace ControlNetSharp.Annotators;

/// <summary>
/// The ways to look at a reference picture. They leave it as it is: what they mean is for the model that looks at it.
/// Names and defaults are those of Mikubill/sd-webui-controlnet@56cec5b (behaviour).
/// </summary>
internal static class ReferenceModules
{
    private const string Kind = "reference";
    private const string Both = "reference_adain+attn";
    private const string StatisticsOnly = "reference_adain";

    private static readonly AnnotatorOption[] Options =
    [
        new(
            "fidelity",
            0,
            1,
            0.5,
            Whole: false,
            "style fidelity: how much the guidance scale strengthens the reference; in the mode balanced"
        ),
        new("rule", 0, 1, 0, Whole: true, "whose rule says which layers look at it")
        {
            Words = ["webui", "diffusers"],
        },
    ];

    /// <summary>What is known of them; the first is the usual one.</summary>
    public static IReadOnlyList<AnnotatorInfo> All { get; } =
    [
        new(Kind, ["reference_only"], Options, "attention sees the picture: what it shows and how"),
        new(Kind, [StatisticsOnly], Options, "features get the picture's mean and deviation: colours and textures"),
        new(Kind, [Both], Options, "both of them"),
    ];

    /// <summary>What an annotator of these and its options mean.</summary>
    /// <param name="name">Its name; any other one is taken for the usual.</param>
    /// <param name="options">Values by option name.</param>
    public static ReferenceParams Of(string? name, IReadOnlyDictionary<string, double> options)
    {
        var info = All.FirstOrDefault(info => info.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? All[0];
        var values = new AnnotatorOptions(info, options);
        return new(
            Attends: info.Name != StatisticsOnly,
            TakesStatistics: info != All[0],
            values["fidelity"],
            (ReferenceRule)(int)values["rule"]
        );
    }
}
