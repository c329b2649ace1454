namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// The names under which a layout may list the parts of an example; a file uses one name for each part.
/// </summary>
/// <param name="Picture">The picture's path.</param>
/// <param name="Hint">The hint's path.</param>
/// <param name="Caption">The prompt.</param>
/// <param name="HintIsNeeded">Whether a line must have a hint; where not, all lines have one or none has.</param>
internal sealed record ExampleColumns(string[] Picture, string[] Hint, string[] Caption, bool HintIsNeeded)
{
    /// <summary>What the hint shows; a line may have it.</summary>
    public const string Condition = "condition";

    public static readonly ExampleColumns Tutorial = new(["target"], ["source"], ["prompt"], HintIsNeeded: true);

    /// <summary>
    /// The defaults of diffusers' train_controlnet.py, and the names of the image folder that datasets reads.
    /// </summary>
    public static readonly ExampleColumns Metadata = new(
        ["image", "file_name", "image_file_name"],
        ["conditioning_image", "conditioning_image_file_name"],
        ["text", "prompt", "caption"],
        HintIsNeeded: false
    );
}
