using System.Text;
using System.Text.Json;
using ControlNetSharp.Pictures;
using ControlNetSharp.Text;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Key points as JSON in OpenPose's format as A1111 uses it: <c>people[]</c> with <c>pose_keypoints_2d</c>,
/// <c>face_keypoints_2d</c>, <c>hand_left_keypoints_2d</c> and <c>hand_right_keypoints_2d</c>
/// (numbers x, y, confidence for each point), <c>animals[]</c>, and <c>canvas_width</c>, <c>canvas_height</c>; or the
/// annotations of one picture of the animals' data set AP-10K.
/// </summary>
public static class PoseJson
{
    /// <summary>The largest file that is read: 16 MiB.</summary>
    public const int MaxBytes = 16 << 20;

    internal const string CanvasWidth = "canvas_width",
        CanvasHeight = "canvas_height";
    private const string People = "people";
    private const string Body = "pose_keypoints_2d",
        Face = "face_keypoints_2d";
    private const string LeftHand = "hand_left_keypoints_2d",
        RightHand = "hand_right_keypoints_2d";
    private static readonly string[] Lists = [Body, Face, LeftHand, RightHand];

    /// <summary>OpenPose's 70, and the ground that its network tells from them.</summary>
    private const int MaxFacePoints = 71;

    private const int Body25Points = 25;

    /// <summary>
    /// Where the 18 points of the COCO model are among the 25 of OpenPose's BODY_25, which adds the middle of the hips
    /// and the feet.
    /// </summary>
    private static readonly int[] FromBody25 = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Reads a file.</summary>
    /// <param name="path">A JSON file.</param>
    /// <param name="width">Pixels a row of the canvas; null for what the file says.</param>
    /// <param name="height">Rows of the canvas; null for what the file says.</param>
    /// <exception cref="PictureException">
    /// The file is missing, too large, no JSON, or not key points; the message names the file and the place in it.
    /// </exception>
    public static PoseKeypoints Read(string path, int? width = null, int? height = null)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length > MaxBytes
                ? throw new PictureException(
                    path,
                    $"the file has {file.Length} bytes; key points of at most {MaxBytes} are read."
                )
                : Parse(File.ReadAllBytes(path), path, width, height);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PictureException(path, "the file does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException(path, $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads key points from the bytes of a JSON text.</summary>
    /// <param name="text">
    /// UTF-8, or another encoding with its byte order mark. An object, or a list of one such object as A1111 gives for
    /// one picture. The coordinates of a list of points are shares of the canvas where all are at most 2, and pixels
    /// otherwise; a point with confidence 0 was not found.
    /// </param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="width">Pixels a row of the canvas; null for what the text says.</param>
    /// <param name="height">Rows of the canvas; null for what the text says.</param>
    /// <exception cref="PictureException">No JSON, or not key points; the message names the place.</exception>
    public static PoseKeypoints Parse(
        ReadOnlyMemory<byte> text,
        string name = "key points",
        int? width = null,
        int? height = null
    )
    {
        try
        {
            using var document = JsonDocument.Parse(ByteOrderMark.Removed(text));
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
            {
                root =
                    root.GetArrayLength() == 1
                        ? root[0]
                        : throw new PictureException(
                            name,
                            $"has {root.GetArrayLength()} frames; one is needed: give a file with one of them."
                        );
            }

            return root.ValueKind == JsonValueKind.Object
                ? ReadCanvas(root, name, width, height)
                : throw new PictureException(
                    name,
                    "must hold one JSON object with people, canvas_width and canvas_height."
                );
        }
        catch (JsonException e)
        {
            throw new PictureException(name, $"is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Writes key points.</summary>
    /// <param name="pose">The key points.</param>
    /// <param name="normalised">
    /// Whether coordinates are shares of the canvas (0..1), as A1111 gives them, instead of pixels.
    /// </param>
    /// <returns>
    /// Indented JSON. The confidence of a point is 1, or 0 where it was not found: A1111 takes anything below 1 for not
    /// found.
    /// </returns>
    public static string Write(PoseKeypoints pose, bool normalised = true)
    {
        ArgumentNullException.ThrowIfNull(pose);
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Indented))
        {
            Write(writer, pose, normalised);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>Writes key points as one object into a larger JSON text.</summary>
    /// <inheritdoc cref="Write(PoseKeypoints, bool)"/>
    public static void Write(Utf8JsonWriter writer, PoseKeypoints pose, bool normalised = true)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(pose);
        var (unitX, unitY) = normalised ? (pose.Width, pose.Height) : (1, 1);
        writer.WriteStartObject();
        writer.WriteStartArray(People);
        foreach (var person in pose.People)
        {
            writer.WriteStartObject();
            WritePoints(Body, person.Body);
            WritePoints(Face, person.Face);
            WritePoints(LeftHand, person.LeftHand);
            WritePoints(RightHand, person.RightHand);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (pose.Animals.Count > 0)
        {
            writer.WriteStartArray(AnimalJson.Animals);
            foreach (var animal in pose.Animals)
            {
                WriteNumbers(animal);
            }

            writer.WriteEndArray();
        }

        writer.WriteNumber(CanvasHeight, pose.Height);
        writer.WriteNumber(CanvasWidth, pose.Width);
        writer.WriteEndObject();

        void WritePoints(string key, IReadOnlyList<PosePoint?>? points)
        {
            if (points is null)
            {
                writer.WriteNull(key);
                return;
            }

            writer.WritePropertyName(key);
            WriteNumbers(points);
        }

        void WriteNumbers(IReadOnlyList<PosePoint?> points)
        {
            writer.WriteStartArray();
            foreach (var point in points)
            {
                writer.WriteNumberValue(point is { } p ? p.X / unitX : 0);
                writer.WriteNumberValue(point is { } q ? q.Y / unitY : 0);
                writer.WriteNumberValue(point is null ? 0 : 1);
            }

            writer.WriteEndArray();
        }
    }

    private static PoseKeypoints ReadCanvas(JsonElement root, string name, int? givenWidth, int? givenHeight)
    {
        var isDataset = AnimalJson.IsDataset(root);
        var hasAnimals = isDataset || root.TryGetProperty(AnimalJson.Animals, out _);
        var hasPeople = root.TryGetProperty(People, out var people);
        if (hasPeople ? people.ValueKind != JsonValueKind.Array : !hasAnimals)
        {
            throw new PictureException(
                name,
                $"{People} must be a list of persons, beside {CanvasWidth} and {CanvasHeight}."
            );
        }

        var canvas = isDataset ? AnimalJson.Image(root, name) : root;
        var width = givenWidth ?? Side(canvas, isDataset ? "width" : CanvasWidth, name);
        var height = givenHeight ?? Side(canvas, isDataset ? "height" : CanvasHeight, name);
        if (width > PictureLimits.Default.MaxPixels / height)
        {
            throw new PictureException(
                name,
                $"the canvas has {width} x {height} pixels; at most {PictureLimits.Default.MaxPixels} are allowed."
            );
        }

        var points = new PosePointList(name, (width, height));
        var persons = hasPeople
            ? people.EnumerateArray().Select((person, i) => ReadPerson(person, points, $"{People}[{i}]", name))
            : [];
        return new PoseKeypoints(width, height, [.. persons]) { Animals = AnimalJson.Read(root, points, name) };
    }

    private static int Side(JsonElement root, string key, string name)
    {
        if (!root.TryGetProperty(key, out var side) || side.ValueKind == JsonValueKind.Null)
        {
            throw new PictureException(
                name,
                $"{key} is missing, as in files of OpenPose itself: "
                    + $"{CanvasWidth}=… and {CanvasHeight}=… give the picture's size."
            );
        }

        // Python writes the sides that it has computed with a point: 512.0.
        return
            side.ValueKind == JsonValueKind.Number
            && side.GetDouble() is >= 1 and <= int.MaxValue and var pixels
            && pixels == Math.Floor(pixels)
            ? (int)pixels
            : throw new PictureException(name, $"{key} must be a whole number from 1, not {side.GetRawText()}.");
    }

    private static PosePerson ReadPerson(JsonElement person, PosePointList points, string place, string name)
    {
        if (person.ValueKind != JsonValueKind.Object)
        {
            throw new PictureException(name, $"{place} must be an object.");
        }

        if (!Lists.Any(key => person.TryGetProperty(key, out _)))
        {
            throw new PictureException(
                name,
                $"{place} has no key points; it must have one of {string.Join(", ", Lists)}."
            );
        }

        // Of somebody whose hands or face alone are in the picture no point of the body was found.
        var allowedOfBody = $"{PosePerson.BodyPoints} or {Body25Points}";
        var body =
            Points(Body, count => count is PosePerson.BodyPoints or Body25Points, allowedOfBody)
            ?? new PosePoint?[PosePerson.BodyPoints];
        return new PosePerson(body.Count == Body25Points ? [.. FromBody25.Select(i => body[i])] : body)
        {
            LeftHand = Points(LeftHand, count => count == PosePerson.HandPoints, $"{PosePerson.HandPoints}"),
            RightHand = Points(RightHand, count => count == PosePerson.HandPoints, $"{PosePerson.HandPoints}"),
            Face = Points(Face, count => count <= MaxFacePoints, $"at most {MaxFacePoints}"),
        };

        IReadOnlyList<PosePoint?>? Points(string key, Func<int, bool> isAllowed, string allowed) =>
            person.TryGetProperty(key, out var list) ? points.Read(list, $"{place}.{key}", isAllowed, allowed) : null;
    }
}
