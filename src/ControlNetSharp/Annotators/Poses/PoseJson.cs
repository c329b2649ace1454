using System.Text;
using System.Text.Json;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Key points as JSON in OpenPose's format as A1111 uses it: <c>people[]</c> with <c>pose_keypoints_2d</c>, <c>face_keypoints_2d</c>, <c>hand_left_keypoints_2d</c> and <c>hand_right_keypoints_2d</c>
/// (numbers x, y, confidence for each point), and <c>canvas_width</c>, <c>canvas_height</c>.
/// </summary>
public static class PoseJson
{
    /// <summary>The largest file that is read: 16 MiB.</summary>
    public const int MaxBytes = 16 << 20;

    private const int MaxFacePoints = 70;

    /// <summary>Far outside of every canvas, and near enough to draw towards.</summary>
    private const int MaxCoordinate = 100_000;

    private const int Body25Points = 25;

    /// <summary>Where the 18 points of the COCO model are among the 25 of OpenPose's BODY_25, which adds the middle of the hips and the feet.</summary>
    private static readonly int[] FromBody25 = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Reads a file.</summary>
    /// <param name="path">A JSON file.</param>
    /// <exception cref="PictureException">The file is missing, too large, no JSON, or not key points; the message names the file and the place in it.</exception>
    public static PoseKeypoints Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length > MaxBytes
                ? throw new PictureException(path, $"the file has {file.Length} bytes; key points of at most {MaxBytes} are read.")
                : Parse(File.ReadAllBytes(path), path);
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
    /// <param name="utf8">An object, or a list of one such object as A1111 gives for one picture. Coordinates are taken as shares of the canvas where all lie in 0..1, and as pixels otherwise, as A1111 does; a point with confidence 0 was not found.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="PictureException">No JSON, or not key points; the message names the place.</exception>
    public static PoseKeypoints Parse(ReadOnlyMemory<byte> utf8, string name = "key points")
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() == 1)
            {
                root = root[0];
            }

            return root.ValueKind == JsonValueKind.Object ? ReadCanvas(root, name) : throw new PictureException(name, "must hold one JSON object with people, canvas_width and canvas_height.");
        }
        catch (JsonException e)
        {
            throw new PictureException(name, $"is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Writes key points.</summary>
    /// <param name="pose">The key points.</param>
    /// <param name="normalised">Whether coordinates are shares of the canvas (0..1), as A1111 gives them, instead of pixels.</param>
    /// <returns>Indented JSON. The confidence of a point is 1, or 0 where it was not found: A1111 takes anything below 1 for not found.</returns>
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
        writer.WriteStartArray("people");
        foreach (var person in pose.People)
        {
            writer.WriteStartObject();
            WritePoints("pose_keypoints_2d", person.Body);
            WritePoints("face_keypoints_2d", person.Face);
            WritePoints("hand_left_keypoints_2d", person.LeftHand);
            WritePoints("hand_right_keypoints_2d", person.RightHand);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("canvas_height", pose.Height);
        writer.WriteNumber("canvas_width", pose.Width);
        writer.WriteEndObject();

        void WritePoints(string key, IReadOnlyList<PosePoint?>? points)
        {
            if (points is null)
            {
                writer.WriteNull(key);
                return;
            }

            writer.WriteStartArray(key);
            foreach (var point in points)
            {
                writer.WriteNumberValue(point is { } p ? p.X / unitX : 0);
                writer.WriteNumberValue(point is { } q ? q.Y / unitY : 0);
                writer.WriteNumberValue(point is null ? 0 : 1);
            }

            writer.WriteEndArray();
        }
    }

    private static PoseKeypoints ReadCanvas(JsonElement root, string name)
    {
        var (width, height) = (Side("canvas_width"), Side("canvas_height"));
        if (width > PictureLimits.Default.MaxPixels / height)
        {
            throw new PictureException(name, $"the canvas has {width} x {height} pixels; at most {PictureLimits.Default.MaxPixels} are allowed.");
        }

        if (!root.TryGetProperty("people", out var people) || people.ValueKind != JsonValueKind.Array)
        {
            throw new PictureException(name, "people must be a list of persons.");
        }

        var persons = people.EnumerateArray().Select((person, i) => ReadPerson(person, $"people[{i}]", name)).ToList();
        var points = persons.SelectMany(AllPoints).ToList();
        var normalised = points.TrueForAll(point => Math.Abs(point.X) <= 1 && Math.Abs(point.Y) <= 1);
        return new PoseKeypoints(width, height, normalised ? [.. persons.Select(person => Scaled(person, width, height))] : persons);

        int Side(string key) =>
            root.TryGetProperty(key, out var side) && side.ValueKind == JsonValueKind.Number && side.TryGetInt32(out var pixels) && pixels > 0
                ? pixels : throw new PictureException(name, $"{key} must be a whole number from 1{(root.TryGetProperty(key, out _) ? $", not {root.GetProperty(key).GetRawText()}" : "; it is missing")}.");
    }

    private static PosePerson ReadPerson(JsonElement person, string place, string name)
    {
        if (person.ValueKind != JsonValueKind.Object)
        {
            throw new PictureException(name, $"{place} must be an object.");
        }

        var body = Points("pose_keypoints_2d", count => count is PosePerson.BodyPoints or Body25Points, $"{PosePerson.BodyPoints} or {Body25Points}")
            ?? throw new PictureException(name, $"{place}.pose_keypoints_2d is missing.");
        return new PosePerson(body.Count == Body25Points ? [.. FromBody25.Select(i => body[i])] : body)
        {
            LeftHand = Points("hand_left_keypoints_2d", count => count == PosePerson.HandPoints, $"{PosePerson.HandPoints}"),
            RightHand = Points("hand_right_keypoints_2d", count => count == PosePerson.HandPoints, $"{PosePerson.HandPoints}"),
            Face = Points("face_keypoints_2d", count => count <= MaxFacePoints, $"at most {MaxFacePoints}"),
        };

        IReadOnlyList<PosePoint?>? Points(string key, Func<int, bool> isAllowed, string allowed)
        {
            if (!person.TryGetProperty(key, out var list) || list.ValueKind == JsonValueKind.Null || (list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == 0))
            {
                return null;
            }

            if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() % 3 != 0 || !isAllowed(list.GetArrayLength() / 3))
            {
                var found = list.ValueKind == JsonValueKind.Array ? $"{list.GetArrayLength()} numbers" : list.GetRawText();
                throw new PictureException(name, $"{place}.{key} must be a list of three numbers (x, y, confidence) for each of {allowed} points, not {found}.");
            }

            var numbers = list.EnumerateArray().Select((value, i) => value.ValueKind == JsonValueKind.Number && Math.Abs(value.GetDouble()) <= MaxCoordinate
                ? value.GetDouble() : throw new PictureException(name, $"{place}.{key}[{i}] must be a number from -{MaxCoordinate} to {MaxCoordinate}, not {value.GetRawText()}.")).ToArray();
            return [.. numbers.Chunk(3).Select(point => point[2] > 0 ? new PosePoint(point[0], point[1]) : (PosePoint?)null)];
        }
    }

    private static IEnumerable<PosePoint> AllPoints(PosePerson person) =>
        new[] { person.Body, person.LeftHand, person.RightHand, person.Face }.SelectMany(points => points ?? []).OfType<PosePoint>();

    private static PosePerson Scaled(PosePerson person, int width, int height)
    {
        return new PosePerson(Scale(person.Body)!) { LeftHand = Scale(person.LeftHand), RightHand = Scale(person.RightHand), Face = Scale(person.Face) };

        IReadOnlyList<PosePoint?>? Scale(IReadOnlyList<PosePoint?>? points) =>
            points is null ? null : [.. points.Select(point => point is { } p ? new PosePoint(p.X * width, p.Y * height) : (PosePoint?)null)];
    }
}
