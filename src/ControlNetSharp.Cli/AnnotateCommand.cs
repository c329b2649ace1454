using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet annotate</c>: a picture to its hint.</summary>
internal static class AnnotateCommand
{
    private static readonly Argument<string> Kind = new("kind") { Description = "The condition kind, such as canny." };
    private static readonly Argument<string> Input = new("picture") { Description = "The picture." };
    private static readonly Option<string> Out = new("--out", "-o") { Description = "The hint (.png).", Required = true };
    private static readonly Option<string?> Resolution = new("--resolution") { Description = "Shorter side of the hint, 64 to 2048; default: that of the picture." };
    private static readonly Option<string[]> Values = new("--option") { Description = "An option of the annotator, NAME=VALUE. May be given several times." };

    public static Command Create() => new("annotate", "Makes a hint from a picture.") { Kind, Input, Out, Resolution, Values };

    public static void Run(ParseResult arguments, CommandOutput output, bool json)
    {
        var clock = Stopwatch.StartNew();
        var (kind, input, file) = (arguments.GetValue(Kind)!, arguments.GetValue(Input)!, arguments.GetValue(Out)!);
        var info = Checked("kind", () => AnnotatorCatalogue.Find(kind));
        var options = Checked("--option", () => AnnotatorOptions.Parse(info, ReadValues(arguments.GetValue(Values) ?? [])));
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        if (!file.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw UsageException.Of(Out.Name, file, "must be a file ending in .png in a folder that exists.");
        }

        OutputFolder.Check(Out.Name, file, folder);

        if (!File.Exists(input))
        {
            throw UsageException.Of("picture", input, "there is no such picture.");
        }

        var picture = PictureReader.Read(input);
        if (arguments.GetValue(Resolution) is not null)
        {
            picture = PictureResizing.ToResolution(picture, arguments.Whole(Resolution, 512, 64, 2048));
        }

        using var annotator = AnnotatorCatalogue.Create(info.Kind);
        PictureWriter.WritePng(file, annotator.Annotate(picture, options));
        if (json)
        {
            output.WriteJson(new { file, kind = info.Kind, seconds = clock.Elapsed.TotalSeconds });
        }
        else
        {
            output.Result.WriteLine(file);
        }
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
