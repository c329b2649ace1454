namespace ControlNetSharp.Annotators.Poses;

/// <summary>How the bodies of key points are drawn: as the ControlNet that sees them was trained.</summary>
public enum PoseStyle
{
    /// <summary>As in the original: joints of radius 4, limbs 9 pixels wide whatever the size.</summary>
    OpenPose,

    /// <summary>
    /// As xinsir's ControlNets for SDXL want it: larger joints and wider limbs in larger hints, up to seven times, the
    /// joints above the limbs.
    /// </summary>
    Xinsir,
}

/// <summary>The option of pose annotators that says how key points are drawn.</summary>
internal static class PoseStyles
{
    private const string Name = "style";

    /// <summary>The option, which all rows for poses of persons have.</summary>
    public static AnnotatorOption Option { get; } =
        new(
            Name,
            0,
            1,
            0,
            Whole: true,
            "openpose: limbs as wide as the originals'; xinsir: wider in larger hints, as xinsir's networks for SDXL "
                + "were trained"
        )
        {
            Words = ["openpose", "xinsir"],
        };

    /// <summary>The style that options ask for; the usual one where the annotator has none.</summary>
    public static PoseStyle Of(AnnotatorOptions options) =>
        options.Info.Options.Contains(Option) ? (PoseStyle)(int)options[Name] : PoseStyle.OpenPose;
}
