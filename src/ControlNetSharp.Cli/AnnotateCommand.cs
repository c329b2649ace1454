using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet annotate</c>: a picture to its hint, or to the hints of all kinds on one sheet.</summary>
internal static class AnnotateCommand
{
    private const string All = "all";
    private const int SheetGap = 8;
    private static readonly Argument<string> Kind = new("kind") { Description = "The condition kind, such as canny; the name of an annotator, such as softedge_hed; or all, for a sheet." };
    private static readonly Argument<string> Input = new("picture")
    {
        Description = "The picture; for depth a sensor's file, too, and for pose key points (.json).",
    };
    private static readonly Option<string> Out = new("--out", "-o") { Description = "The hint (.png).", Required = true };
    private static readonly Option<string?> Annotator = new("--annotator") { Description = "The annotator, where the kind has several; default: one that needs no download." };
    private static readonly Option<string?> Models = new("--models") { Description = "Folder in which annotators look for their weights." };
    private static readonly Option<string?> Resolution = new("--resolution") { Description = "Shorter side of the hint, 64 to 2048; default: that of the picture." };
    private static readonly Option<string[]> Values = new("--option") { Description = "An option of the annotator, NAME=VALUE. May be given several times." };

    public static Command Create() => new("annotate", "Makes a hint from a picture.") { Kind, Input, Out, Annotator, Models, Resolution, Values };

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var (name, input, file) = (arguments.GetValue(Kind)!, arguments.GetValue(Input)!, arguments.GetValue(Out)!);
        var measured = MeasuredHints.IsDepth(name, input) ? MeasuredDepth.Info
            : MeasuredHints.IsKeyPoints(name, input) ? MeasuredPose.Info : null;
        var infos = measured is not null ? [measured]
            : name == All ? [.. ConditionKind.All.SelectMany(kind => AnnotatorCatalogue.Of(kind).Take(1))] : new List<AnnotatorInfo> { Find(name, arguments.GetValue(Annotator)) };
        var values = ReadValues(arguments.GetValue(Values) ?? []);
        if (name == All && (values.Count > 0 || arguments.GetValue(Annotator) is not null))
        {
            throw UsageException.Of(values.Count > 0 ? Values.Name : Annotator.Name, All, "options belong to one annotator; name its kind.");
        }

        var options = name == All ? null : Checked(Values.Name, () => AnnotatorOptions.Parse(infos[0], values));
        if (!file.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw UsageException.Of(Out.Name, file, "must be a file ending in .png in a folder that exists.");
        }

        OutputFolder.Check(Out.Name, file, Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (!File.Exists(input))
        {
            throw UsageException.Of("picture", input, "there is no such picture.");
        }

        if (measured is not null)
        {
            var points = measured == MeasuredPose.Info ? MeasuredPose.Read(input, options!) : null;
            Report(points, () => MeasuredDepth.Hint(DepthMapReader.Read(input), options!), null);
            return;
        }

        var picture = PictureReader.Read(input);
        if (arguments.GetValue(Resolution) is not null)
        {
            picture = PictureResizing.ToResolution(picture, arguments.Whole(Resolution, 512, 64, 2048));
        }

        var files = ModelFiles.ForAnnotators(arguments.GetValue(Models));
        if (name != All)
        {
            using var annotator = AnnotatorCatalogue.Create(infos[0].Name, files);
            Report((annotator as IPoseDetector)?.Detect(picture), () => annotator.Annotate(picture, options), picture);
            return;
        }

        var hints = Hints(infos, picture, files, output, cancellationToken);
        List<Picture> cells = [picture, .. hints.Select(hint => hint.Hint)];
        PictureWriter.WritePng(file, PictureSheet.Of(cells, (int)Math.Ceiling(Math.Sqrt(cells.Count)), SheetGap));
        output.Message.WriteLine($"controlnet: row by row: the picture, {string.Join(", ", hints.Select(hint => hint.Info.Name))}.");
        output.Report(json, new { file, kind = All, annotators = hints.Select(hint => hint.Info.Name), seconds = clock.Elapsed.TotalSeconds }, file);

        // Key points are the hint's content, so that they are not looked for twice.
        void Report(PoseKeypoints? pose, Func<Picture> other, Picture? source)
        {
            var hint = pose is null ? other() : PoseDrawing.Draw(pose);
            PictureWriter.WritePng(file, hint);
            foreach (var warning in HintCheck.WarningsOfMade(infos[0], source, hint))
            {
                output.Message.WriteLine($"controlnet: {input}: {warning}");
            }

            var keypoints = pose is null ? null : JsonNode.Parse(PoseJson.Write(pose, normalised: false));
            var (kind, annotator, seconds) = (infos[0].Kind, infos[0].Name, clock.Elapsed.TotalSeconds);
            output.Report(json, new { file, kind, annotator, seconds, keypoints }, file);
        }
    }

    private static List<(AnnotatorInfo Info, Picture Hint)> Hints(IEnumerable<AnnotatorInfo> infos, Picture picture, AnnotatorFiles files, CommandOutput output, CancellationToken cancellationToken)
    {
        var hints = new List<(AnnotatorInfo, Picture)>();
        foreach (var info in infos)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                using var annotator = AnnotatorCatalogue.Create(info.Name, files);
                var hint = annotator.Annotate(picture);
                hints.Add((info, hint));
                foreach (var warning in HintCheck.WarningsOfMade(info, null, hint))
                {
                    output.Message.WriteLine($"controlnet: {info.Kind}: {warning}");
                }
            }
            catch (FileNotFoundException e)
            {
                output.Message.WriteLine($"controlnet: {info.Kind} is left out. {e.Message}");
            }
        }

        return hints;
    }

    /// <summary>A name that means a kind and an annotator, such as mlsd, means the kind; <c>--annotator</c> names the annotator.</summary>
    private static AnnotatorInfo Find(string name, string? annotator)
    {
        var kind = ConditionKind.All.FirstOrDefault(kind => kind.IsCalled(name));
        if (annotator is null)
        {
            return Checked("kind", () => kind is null ? AnnotatorCatalogue.Find(name) : AnnotatorCatalogue.DefaultOf(kind));
        }

        var known = (kind is null ? AnnotatorCatalogue.All : AnnotatorCatalogue.Of(kind)).ToList();
        return known.Find(info => info.ModuleNames.Contains(annotator, StringComparer.OrdinalIgnoreCase))
            ?? throw UsageException.Of(Annotator.Name, annotator, $"{name} has the annotators {string.Join(", ", known.SelectMany(info => info.ModuleNames))}.");
    }

    private static Dictionary<string, string> ReadValues(string[] texts)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var (name, value) = Split(text);
            if (!values.TryAdd(name, value))
            {
                throw UsageException.Of(Values.Name, text, $"'{name}' is given twice.");
            }
        }

        return values;
    }

    private static (string Name, string Value) Split(string text)
    {
        var equals = text.IndexOf('=');
        return equals > 0 ? (text[..equals], text[(equals + 1)..]) : throw UsageException.Of(Values.Name, text, "must be NAME=VALUE.");
    }

    private static T Checked<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(option, e.Message.Split('\n')[0].Split(" (Parameter")[0]);
        }
    }
}
