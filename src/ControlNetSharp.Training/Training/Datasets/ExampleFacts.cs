using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Text;

namespace ControlNetSharp.Training.Datasets;

/// <summary>A picture file: its size, or why it cannot be read.</summary>
/// <param name="Width">Pixels a row; 0 where unreadable.</param>
/// <param name="Height">Rows; 0 where unreadable.</param>
/// <param name="Unreadable">The reader's reason.</param>
internal readonly record struct PictureFact(int Width, int Height, string? Unreadable = null);

/// <summary>All that is kept of an example when its pictures have been looked at.</summary>
/// <param name="Example">The example.</param>
/// <param name="Tokens">Tokens of its caption, without start and end.</param>
/// <param name="Picture">The picture's size.</param>
/// <param name="Likeness">For finding duplicates; null where the picture is unreadable.</param>
/// <param name="Hint">The hint's size; null where there is none.</param>
/// <param name="Drawing">What the hint looks like; null where there is none or it is unreadable.</param>
/// <param name="Shift">
/// How far its content lies beside that of the picture; null where nothing says that it does.
/// </param>
internal sealed record ExampleFacts(
    TrainingExample Example,
    int Tokens,
    PictureFact Picture,
    PictureLikeness? Likeness,
    PictureFact? Hint,
    HintLook? Drawing,
    HintShift? Shift
)
{
    /// <summary>
    /// Aspect ratios further apart than this are different shapes; rounding to whole pixels stays below.
    /// </summary>
    private const double SameShape = 0.02;

    /// <summary>Whether hint and picture differ in more than their scale.</summary>
    public bool HasOtherShape =>
        Hint is { Unreadable: null } hint
        && Picture.Unreadable is null
        && !HaveOneShape(hint.Width, hint.Height, Picture.Width, Picture.Height);

    /// <summary>Whether two sizes differ in their scale at most.</summary>
    public static bool HaveOneShape(int width, int height, int otherWidth, int otherHeight) =>
        Math.Abs((double)width * otherHeight / ((double)height * otherWidth) - 1) <= SameShape;

    /// <summary>Reads both pictures; one that cannot be read is a fact, too.</summary>
    public static ExampleFacts Of(TrainingExample example)
    {
        var (pictureFact, picture) = Read(example.Picture);
        var (hintFact, hint) = example.Hint is { } file ? Read(file) : default;
        var look = hint is null ? null : HintLook.Of(hint);
        var facts = new ExampleFacts(
            example,
            ClipTokenizer.Default.Encode(example.Caption).Count,
            pictureFact,
            picture is null ? null : PictureLikeness.Of(picture),
            example.Hint is null ? null : hintFact,
            look,
            null
        );
        return picture is null || hint is null || look is null || facts.HasOtherShape
            ? facts
            : facts with
            {
                Shift = HintShift.Find(hint, look, picture),
            };
    }

    private static (PictureFact Fact, Picture? Picture) Read(string file)
    {
        try
        {
            var picture = PictureReader.Read(file);
            return (new PictureFact(picture.Width, picture.Height), picture);
        }
        catch (PictureException e)
        {
            return (new PictureFact(0, 0, e.Reason), null);
        }
    }
}
