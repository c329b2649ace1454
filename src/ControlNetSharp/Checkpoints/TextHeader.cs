using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>What the header of a model says of one of its text encoders.</summary>
/// <param name="Index">Which of the family's it is, counted from 0.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Params">Its shape.</param>
internal sealed record TextHeader(int Index, TextPlace Place, TextEncoderParams Params)
{
    /// <summary>Those of a family's text encoders that a checkpoint has.</summary>
    /// <exception cref="CheckpointException">The shape of one cannot be told.</exception>
    public static IReadOnlyList<TextHeader> In(
        CheckpointFiles files,
        ModelFamily family,
        CheckpointMetadata metadata
    ) =>
        [
            .. family
                .Texts.Select((text, index) => (Index: index, Place: text.PlaceIn(files.Shapes.Keys)))
                .Where(text => text.Place is not null)
                .Select(text => Read(files, family, text.Index, text.Place!, metadata)),
        ];

    private static TextHeader Read(
        CheckpointFiles files,
        ModelFamily family,
        int index,
        TextPlace place,
        CheckpointMetadata metadata
    ) =>
        NetworkShapes.Inferred(
            files.Name,
            () =>
                new TextHeader(
                    index,
                    place,
                    NetworkShapes.Text(files.ShapesBelow(place.Prefix), family, index, metadata)
                )
        );
}
