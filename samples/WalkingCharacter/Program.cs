// Eight poses of a walk become eight pictures of one character, a sheet of them and an animation:
//   dotnet run -c Release --project samples/WalkingCharacter -- out "a man in a red shirt walking on green grass" 1
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ImageMagick;
using WalkingCharacter;

const int Poses = 8;
const int Side = 256;

var (folder, prompt, seed) = (args[0], args[1], long.Parse(args[2]));
var steps = args.Length > 3 ? int.Parse(args[3]) : 20;
await using var engine = new ControlNetEngine();
var poses = Directory.CreateDirectory(Path.Combine(folder, "poses")).FullName;

var (hints, pictures) = (new List<Picture>(), new List<Picture>());
for (var i = 0; i < Poses; i++)
{
    var pose = new PoseKeypoints(Side, Side, [WalkCycle.At((double)i / Poses, Side)]);
    File.WriteAllText(Path.Combine(poses, $"{i}.json"), PoseJson.Write(pose));
    hints.Add(PoseDrawing.Draw(pose));

    // The same words and the same noise give the same character; only the pose changes.
    var unit = ControlUnit.Pose(hints[i]) with
    {
        Annotator = ControlUnit.NoAnnotator,
    };
    var result = await engine.GenerateAsync(
        new GenerationRequest
        {
            Prompt = prompt,
            Seed = seed,
            Steps = steps,
            Units = [unit],
        }
    );
    pictures.Add(result.Pictures[0].Picture);
    Console.Error.WriteLine($"pose {i + 1} of {Poses}");
}

PictureWriter.Write(
    Path.Combine(folder, "sheet.jpg"),
    PictureSheet.Of([.. hints, .. pictures], Poses, gap: 4),
    quality: 90
);
WriteAnimation(Path.Combine(folder, "walk.gif"), pictures);

static void WriteAnimation(string file, IEnumerable<Picture> pictures)
{
    const int HundredthsOfASecond = 12;
    using var animation = new MagickImageCollection();
    foreach (var picture in pictures)
    {
        var pixels = new PixelReadSettings(
            (uint)picture.Width,
            (uint)picture.Height,
            StorageType.Char,
            PixelMapping.RGB
        );
        animation.Add(new MagickImage(picture.Rgb, pixels) { AnimationDelay = HundredthsOfASecond });
    }

    // One palette for all pictures, so that nothing flickers that does not move.
    animation.Quantize(new QuantizeSettings { Colors = 256, DitherMethod = DitherMethod.No });
    animation.Write(file, MagickFormat.Gif);
}
