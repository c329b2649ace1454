using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet annotate</c>: a picture to its hint, or to the hints of all kinds on one sheet.</summary>
internal static class AnnotateCommand
{
    private const string All = "all";
    private const int SheetGap = 8;
    private static readonly Argument<string> Kind = new("kind")
    {
        Description =
            "The condition kind, such as canny; the name of an annotator, such as softedge_hed; or all, for a sheet.",
    };
    private static readonly Argument<string> Input = new("picture")
    {
        Description = "The picture; for depth a sensor's file, too, and for pose key points (.json).",
    };
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "The hint (.png).",
        Required = true,
    };
    private static readonly Option<string?> Annotator = new("--annotator")
    {
        Description = "The annotator, where the kind has several; default: one that needs no download.",
    };
    private static readonly Option<string?> Models = new("--models")
    {
        Description = "Folder in which annotators look for their weights.",
    };
    private static readonly Option<string?> Resolution = new("--resolution")
    {
        Description = "Shorter side of the hint, 64 to 2048; default: that of the picture.",
    };
    private static readonly Option<string[]> Values = new("--option")
    {
        Description = "An option of the annotator, NAME=VALUE. May be given several times.",
    };

    public static Command Create() =>
        new("annotate", "Makes a hint from a picture.")
        {
            Kind,
            Input,
            Out,
            Annotator,
            Models,
            Resolution,
            Values,
            OutputPlace.Overwrite,
        };

    public static async Task RunAsync(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var (name, input, file) = (arguments.GetValue(Kind)!, arguments.GetValue(Input)!, arguments.GetValue(Out)!);
        var values = ReadValues(arguments.GetValue(Values) ?? []);
        if (name == All && (values.Count > 0 || arguments.GetValue(Annotator) is not null))
        {
            throw UsageException.Of(
                values.Count > 0 ? Values.Name : Annotator.Name,
                All,
                "options belong to one annotator; name its kind."
            );
        }

        int? resolution = arguments.GetValue(Resolution) is null ? null : arguments.Whole(Resolution, 512, 64, 2048);
        var units = name == All ? AllKinds(input) : [Unit(name, arguments.GetValue(Annotator), input, values)];
        var overwrites = CheckOutput(file, arguments);
        PictureFiles.Existing("picture", input, input);
        await using var engine = new ControlNetEngine(
            new EngineOptions { ModelFolders = arguments.GetValue(Models) is { } folder ? [folder] : [] }
        );
        try
        {
            var task =
                name == All
                    ? SheetAsync(units, engine, file, overwrites, output, json, cancellationToken)
                    : HintAsync(
                        units[0] with
                        {
                            Resolution = resolution,
                        },
                        engine,
                        file,
                        overwrites,
                        output,
                        json,
                        cancellationToken
                    );
            await task.ConfigureAwait(false);
        }
        catch (RequestException e)
        {
            var part = e.Member[(e.Member.LastIndexOf('.') + 1)..];
            throw e.Member.Contains(".options.", StringComparison.Ordinal)
                ? UsageException.Of(Values.Name, $"{part}={e.Value}", e.Problem, e)
                : UsageException.Of(
                    part == "annotator" ? Annotator.Name
                        : part == "picture" ? "picture"
                        : "kind",
                    e.Value ?? name,
                    e.Problem,
                    e
                );
        }
    }

    private static async Task HintAsync(
        ControlUnit unit,
        ControlNetEngine engine,
        string file,
        bool overwrites,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var made = await engine.AnnotateAsync(unit, cancellationToken).ConfigureAwait(false);
        PictureWriter.WritePng(file, made.Hint, replaces: overwrites);
        foreach (var warning in made.Warnings)
        {
            output.Message.WriteLine($"controlnet: {unit.Picture.Name}: {warning}");
        }

        var keypoints = made.Pose is null ? null : JsonNode.Parse(PoseJson.Write(made.Pose, normalised: false));
        output.Report(
            json,
            new
            {
                file,
                kind = unit.ConditionKind.Name,
                annotator = made.Annotator,
                seconds = made.Seconds,
                reading = made.Reading,
                keypoints,
            },
            file
        );
    }

    private static async Task SheetAsync(
        ControlUnit[] units,
        ControlNetEngine engine,
        string file,
        bool overwrites,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        var hints = new List<AnnotationResult>();
        foreach (var unit in units)
        {
            try
            {
                var made = await engine.AnnotateAsync(unit, cancellationToken).ConfigureAwait(false);
                hints.Add(made);
                foreach (var warning in made.Warnings)
                {
                    output.Message.WriteLine($"controlnet: {unit.Kind}: {warning}");
                }
            }
            catch (FileNotFoundException e)
            {
                output.Message.WriteLine($"controlnet: {unit.Kind} is left out. {e.Message}");
            }
        }

        List<Picture> cells = [units[0].Picture.Read(), .. hints.Select(hint => hint.Hint)];
        PictureWriter.WritePng(
            file,
            PictureSheet.Of(cells, (int)Math.Ceiling(Math.Sqrt(cells.Count)), SheetGap),
            replaces: overwrites
        );
        output.Message.WriteLine(
            $"controlnet: row by row: the picture, {string.Join(", ", hints.Select(hint => hint.Annotator))}."
        );
        output.Report(
            json,
            new
            {
                file,
                kind = All,
                annotators = hints.Select(hint => hint.Annotator),
                seconds = clock.Elapsed.TotalSeconds,
            },
            file
        );
    }

    private static ControlUnit[] AllKinds(string input)
    {
        PictureSource picture = input;
        return
        [
            .. ConditionKind
                .All.Where(kind => AnnotatorCatalogue.Of(kind).Any())
                .Select(kind => new ControlUnit { Kind = kind.Name, Picture = picture }),
        ];
    }

    /// <summary>
    /// A name that means a kind and an annotator, such as mlsd, means the kind; <c>--annotator</c> names the annotator.
    /// </summary>
    private static ControlUnit Unit(string name, string? annotator, string input, Dictionary<string, string> values)
    {
        var kind = ConditionKind.All.FirstOrDefault(kind => kind.IsCalled(name));
        if (kind is null)
        {
            var info = FindAnnotator(name);
            (kind, annotator) = (ConditionKind.Find(info.Kind), annotator ?? info.Name);
        }

        if (kind.IsPicture)
        {
            throw UsageException.Of(
                "kind",
                name,
                $"there is no annotator for \"{name}\", only for "
                    + $"{string.Join(", ", AnnotatorCatalogue.All.Select(info => info.Kind).Distinct())}."
            );
        }

        var unit = new ControlUnit
        {
            Kind = kind.Name,
            Picture = input,
            Annotator = annotator,
        };
        return unit with { Options = Options(unit, kind, name, values) };
    }

    private static AnnotatorInfo FindAnnotator(string name)
    {
        try
        {
            return AnnotatorCatalogue.Find(name);
        }
        catch (Runtime.UnknownNameException e)
        {
            throw UsageException.Of("kind", name, e.Problem, e);
        }
    }

    private static Dictionary<string, double> Options(
        ControlUnit unit,
        ConditionKind kind,
        string name,
        Dictionary<string, string> values
    )
    {
        IReadOnlyList<AnnotatorInfo> annotators;
        try
        {
            annotators = UnitAnnotator.Candidates(unit, kind, "unit");
        }
        catch (RequestException e)
        {
            var known = AnnotatorCatalogue
                .Of(kind)
                .SelectMany(info => info.ModuleNames)
                .Distinct(StringComparer.Ordinal);
            throw UsageException.Of(
                Annotator.Name,
                e.Value ?? "",
                $"{name} has the annotators {string.Join(", ", known)}.",
                e
            );
        }

        var options = annotators.SelectMany(info => info.Options).ToList();
        var names = string.Join(", ", options.Select(option => option.Name).Distinct(StringComparer.Ordinal));
        return values.ToDictionary(
            value => value.Key,
            value =>
                options.Find(option => option.Name == value.Key) is not { } option
                    ? throw UsageException.Of(
                        Values.Name,
                        $"{value.Key}={value.Value}",
                        $"there is no option \"{value.Key}\"; there are {(names.Length == 0 ? "none" : names)}."
                    )
                    : option.NumberOf(value.Value)
                        ?? throw UsageException.Of(
                            Values.Name,
                            value.Key,
                            $"must be {option.Allowed}, not \"{value.Value}\"."
                        )
        );
    }

    private static Dictionary<string, string> ReadValues(string[] texts)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw UsageException.Of(Values.Name, text, "must be NAME=VALUE.");
            }

            if (!values.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw UsageException.Of(Values.Name, text, $"'{text[..equals]}' is given twice.");
            }
        }

        return values;
    }

    private static bool CheckOutput(string file, ParseResult arguments)
    {
        if (!file.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw UsageException.Of(Out.Name, file, "must be a file ending in .png in a folder that exists.");
        }

        OutputPlace.Check(Out.Name, file, Path.GetDirectoryName(Path.GetFullPath(file))!);
        var overwrites = arguments.GetValue(OutputPlace.Overwrite);
        OutputPlace.CheckFree(Out.Name, file, [file], overwrites);
        return overwrites;
    }
}
