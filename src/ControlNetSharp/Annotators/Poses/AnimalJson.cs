using System.Text.Json;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Animals in a file of key points: the list <c>animals</c> of A1111's <c>animal_openpose</c>, whose entries are the
/// points of one animal each, or the annotations of one picture of the data set AP-10K.
/// </summary>
internal static class AnimalJson
{
    /// <summary>A1111's list.</summary>
    public const string Animals = "animals";

    private const string Images = "images",
        Annotations = "annotations",
        Categories = "categories",
        Keypoints = "keypoints";

    private static readonly string Allowed = $"{PoseKeypoints.AnimalPoints}";

    /// <summary>Whether a text is one of annotations in COCO's form, which AP-10K has.</summary>
    public static bool IsDataset(JsonElement root) =>
        root.TryGetProperty(Images, out var images)
        && images.ValueKind == JsonValueKind.Array
        && root.TryGetProperty(Annotations, out var annotations)
        && annotations.ValueKind == JsonValueKind.Array;

    /// <summary>The only picture of a data set: its width and height are the canvas.</summary>
    /// <exception cref="PictureException">It has several pictures, or none, or is one of persons.</exception>
    public static JsonElement Image(JsonElement root, string name)
    {
        // COCO's persons have as many points, in another order.
        if (
            root.TryGetProperty(Categories, out var categories)
            && categories.ValueKind == JsonValueKind.Array
            && categories.EnumerateArray().Any(IsOfPersons)
        )
        {
            throw new PictureException(
                name,
                $"is a data set of persons; {Annotations} of animals (AP-10K) can be read, and persons in OpenPose's "
                    + "format."
            );
        }

        var images = root.GetProperty(Images);
        return images.GetArrayLength() == 1 && images[0].ValueKind == JsonValueKind.Object
            ? images[0]
            : throw new PictureException(
                name,
                $"has {images.GetArrayLength()} {Images}; one is needed: give a file with one of them and its "
                    + $"{Annotations}."
            );
    }

    private static bool IsOfPersons(JsonElement category) =>
        category.ValueKind == JsonValueKind.Object
        && category.TryGetProperty("name", out var name)
        && name.ValueKind == JsonValueKind.String
        && name.ValueEquals("person");

    /// <summary>The animals of either form; none where the text has no such list.</summary>
    /// <param name="root">The object.</param>
    /// <param name="points">Reads lists of points.</param>
    /// <param name="name">What messages call the file.</param>
    /// <exception cref="PictureException">Not key points of animals; the message names the place.</exception>
    public static IReadOnlyList<IReadOnlyList<PosePoint?>> Read(JsonElement root, PosePointList points, string name)
    {
        var key = IsDataset(root) ? Annotations : Animals;
        if (!root.TryGetProperty(key, out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new PictureException(name, $"{key} must be a list with the points of one animal in each entry.");
        }

        return
        [
            .. list.EnumerateArray()
                .Select(
                    (animal, i) =>
                        animal.ValueKind != JsonValueKind.Object ? Points(animal, $"{key}[{i}]")
                        : animal.TryGetProperty(Keypoints, out var inside)
                            ? Points(inside, $"{key}[{i}].{Keypoints}")
                        : throw new PictureException(name, $"{key}[{i}] has no {Keypoints}.")
                )
                .OfType<IReadOnlyList<PosePoint?>>(),
        ];

        IReadOnlyList<PosePoint?>? Points(JsonElement animal, string place) =>
            points.Read(animal, place, count => count == PoseKeypoints.AnimalPoints, Allowed);
    }
}
