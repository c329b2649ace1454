using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet models</c>: what checkpoint files are, which there are, where they come from, and the same in another
/// form.
/// </summary>
internal static class ModelsCommand
{
    private const int ShownNames = 5;
    private static readonly (string Name, CheckpointLayout Layout)[] Layouts =
    [
        ("ldm", CheckpointLayout.Ldm),
        ("diffusers", CheckpointLayout.Diffusers),
    ];
    private static readonly (string Name, WeightFormat Format)[] Formats =
    [
        ("fp32", WeightFormat.Float32),
        ("bf16", WeightFormat.BFloat16),
        ("fp16", WeightFormat.Float16),
        ("fp8", WeightFormat.ScaledFloat8),
    ];

    private static readonly Argument<string> File = new("file")
    {
        Description = "A checkpoint: .safetensors, .ckpt, .pt, .pth or .bin, an .index.json of shards, or a folder.",
    };
    private static readonly Argument<string> Input = new("in") { Description = "A checkpoint, as for inspect." };
    private static readonly Argument<string> Output = new("out")
    {
        Description = "The new file (ldm) or folder (diffusers).",
    };
    private static readonly Option<string?> LayoutOption = new("--layout")
    {
        Description = "ldm or diffusers; the names stay as they are without it.",
    };
    private static readonly Option<string?> DtypeOption = new("--dtype")
    {
        Description =
            "fp32, bf16, fp16, or fp8 (F8_E4M3 with a factor for each matrix, the rest in bf16); every tensor keeps "
            + "its bits without it.",
    };
    private static readonly Option<string?> FolderOption = new("--models")
    {
        Description =
            "A folder of A1111 or ComfyUI, a hub cache, or any folder of checkpoints; without it the working folder, "
            + "the hub cache, and what comes with the program.",
    };

    public static Command Create() =>
        new("models", "Looks at checkpoint files, fetches and converts them.")
        {
            new Command("inspect", "Says what a checkpoint is.") { File },
            new Command("list", "Lists the checkpoints in the folders of A1111, ComfyUI and the Hugging Face cache.")
            {
                FolderOption,
            },
            PullCommand.Create(),
            new Command("convert", "Writes a checkpoint in another layout, type or container.")
            {
                Input,
                Output,
                LayoutOption,
                DtypeOption,
                OutputPlace.Overwrite,
            },
        };

    public static void Inspect(ParseResult arguments, CommandOutput output, bool json)
    {
        var path = arguments.GetValue(File)!;
        RequireThere("file", path);
        if (OnnxHints.IsName(path))
        {
            InspectOnnx(path, output, json);
            return;
        }

        using var files = CheckpointFiles.Open(path);
        var (kind, family) = CheckpointKind.Of(files.Shapes);
        var layout = CheckpointKind.LayoutOf(files.Shapes);
        var dtypes = Dtypes(files);
        var parameters = files.Shapes.Values.Sum(shape => shape.Aggregate(1L, (a, b) => a * b));
        var hash = System.IO.File.Exists(path) ? CheckpointHash.Of(path) : null;
        var facts = CheckpointLoader.FactsOf(path, kind);
        if (json)
        {
            output.WriteJson(
                new
                {
                    file = path,
                    kind,
                    family,
                    layout,
                    form = facts.GetValueOrDefault("form"),
                    rank = facts.TryGetValue("rank", out var rank)
                        ? int.Parse(rank, CultureInfo.InvariantCulture)
                        : (int?)null,
                    hint = facts.GetValueOrDefault("hint"),
                    scale = facts.TryGetValue("scale", out var scale)
                        ? int.Parse(scale, CultureInfo.InvariantCulture)
                        : (int?)null,
                    blocks = facts.GetValueOrDefault("blocks"),
                    needs = facts.GetValueOrDefault("needs"),
                    problem = facts.GetValueOrDefault("problem"),
                    dtype = string.Join(", ", dtypes.Keys),
                    parameters,
                    hash = hash?.Sha256,
                    shortHash = hash?.Short,
                    oldHash = hash?.Old,
                    keys = files.Shapes.Count,
                    metadata = files.Metadata,
                }
            );
            return;
        }

        output.Result.WriteLine($"file        {path}");
        output.Result.WriteLine($"kind        {kind}");
        output.Result.WriteLine($"family      {family ?? "unknown"}");
        output.Result.WriteLine($"layout      {layout ?? "unknown"}");
        foreach (var (name, value) in facts)
        {
            output.Result.WriteLine($"{name, -12}{value}");
        }

        output.Result.WriteLine($"dtype       {string.Join(", ", dtypes.Select(d => $"{d.Key} ({d.Value})"))}");
        output.Result.WriteLine($"parameters  {parameters:n0} in {Counts.Of(files.Shapes.Count, "tensor")}");
        output.Result.WriteLine($"sha256      {hash?.Sha256 ?? "(a folder)"}");
        if (hash is not null)
        {
            output.Result.WriteLine($"A1111 hash  {hash.Short} (old: {hash.Old})");
        }

        foreach (var (key, value) in files.Metadata)
        {
            output.Result.WriteLine($"metadata    {key}: {value}");
        }
    }

    /// <summary>An ONNX file is a program: it tells what goes in and comes out, and not what its tensors are.</summary>
    private static void InspectOnnx(string path, CommandOutput output, bool json)
    {
        const string kind = "annotator",
            layout = "onnx";
        using var model = OnnxRuntimes.Load(path);
        var hash = CheckpointHash.Of(path);
        if (json)
        {
            output.WriteJson(
                new
                {
                    file = path,
                    kind,
                    layout,
                    input = model.Input,
                    outputs = model.Outputs,
                    hash = hash.Sha256,
                    shortHash = hash.Short,
                }
            );
            return;
        }

        output.Result.WriteLine($"file        {path}");
        output.Result.WriteLine($"kind        {kind}");
        output.Result.WriteLine($"layout      {layout}");
        output.Result.WriteLine($"input       {model.Input}");
        foreach (var port in model.Outputs)
        {
            output.Result.WriteLine($"output      {port}");
        }

        output.Result.WriteLine($"sha256      {hash.Sha256}");
    }

    public static void List(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var folder = arguments.GetValue(FolderOption);
        if (folder is not null && !Directory.Exists(folder))
        {
            throw UsageException.Of(FolderOption.Name, folder, "there is no such folder.");
        }

        string[] roots = folder is null
            ? [".", ModelFolders.HubCache, new ModelFinderOptions().EmbeddedFolder]
            : [folder];
        var rows = new List<ListedModel>();
        foreach (var entry in roots.SelectMany(ModelFolders.List))
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(Describe(entry));
        }

        if (json)
        {
            output.WriteJson(rows);
            return;
        }

        foreach (var row in rows)
        {
            output.Result.WriteLine(
                $"{row.Kind ?? "unusable", -18}  {row.Family ?? "", -8}  {row.Layout ?? "", -9}  {row.Dtype ?? "", -5} "
                    + " "
                    + row.File
            );
            if (row.Error is not null)
            {
                output.Message.WriteLine(row.Error);
            }
        }

        if (rows.Count == 0)
        {
            output.Message.WriteLine($"No checkpoint was found below {string.Join(" and ", roots)}.");
        }
    }

    public static void Convert(ParseResult arguments, CommandOutput output, bool json)
    {
        var (input, target) = (arguments.GetValue(Input)!, arguments.GetValue(Output)!);
        RequireThere("in", input);
        var layout = Choice(LayoutOption.Name, arguments.GetValue(LayoutOption), Layouts);
        var dtype = Choice(DtypeOption.Name, arguments.GetValue(DtypeOption), Formats);
        if (Path.GetFullPath(input) == Path.GetFullPath(target))
        {
            throw UsageException.Of("out", target, "this is the input; the result needs a place of its own.");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(target)) is { } folder && !Directory.Exists(folder))
        {
            throw UsageException.Of("out", target, $"there is no folder {folder}.");
        }

        var overwrites = arguments.GetValue(OutputPlace.Overwrite);
        OutputPlace.CheckFree("out", target, [target], overwrites);
        NativeLibraries.EnsureLoaded();
        var clock = Stopwatch.StartNew();
        var overflows = new List<string>();
        var tensors = CheckpointConverter.Convert(input, target, layout, dtype, overflows.Add, overwrites);
        if (overflows.Count > 0)
        {
            var names = string.Join(", ", overflows.Take(ShownNames)) + (overflows.Count > ShownNames ? ", …" : "");
            output.Message.WriteLine(
                $"controlnet: {overflows.Count} of {tensors} tensors have numbers too large for "
                    + $"{arguments.GetValue(DtypeOption)}; in {target} they are infinite: {names}. Most likely the "
                    + "file "
                    + "cannot be used; bf16 and fp32 have room for them."
            );
        }

        if (json)
        {
            output.WriteJson(
                new
                {
                    file = target,
                    layout = arguments.GetValue(LayoutOption),
                    dtype = arguments.GetValue(DtypeOption),
                    tensors,
                    overflows,
                    seconds = clock.Elapsed.TotalSeconds,
                }
            );
            return;
        }

        output.Result.WriteLine(target);
    }

    /// <summary>What the header of a checkpoint says; one that cannot be used is listed with the reason.</summary>
    private static ListedModel Describe(ModelEntry entry)
    {
        try
        {
            using var files = CheckpointFiles.Open(entry.Path);
            var (kind, family) = CheckpointKind.Of(files.Shapes);
            return new(
                entry.Name,
                entry.Path,
                kind,
                family,
                CheckpointKind.LayoutOf(files.Shapes),
                Dtypes(files).OrderByDescending(d => d.Value).Select(d => d.Key).FirstOrDefault(),
                null
            );
        }
        catch (CheckpointException e)
        {
            return new(entry.Name, entry.Path, null, null, null, null, e.Message);
        }
    }

    private static Dictionary<string, int> Dtypes(CheckpointFiles files) =>
        files.Shapes.Keys.GroupBy(files.DtypeOf).ToDictionary(g => g.Key, g => g.Count());

    private static void RequireThere(string argument, string path)
    {
        if (!System.IO.File.Exists(path) && !Directory.Exists(path))
        {
            throw UsageException.Of(argument, path, "there is no such file.");
        }
    }

    private static T? Choice<T>(string option, string? value, (string Name, T Value)[] allowed)
        where T : struct =>
        value is null ? null
        : Array.FindIndex(allowed, row => row.Name == value) is var index and >= 0 ? allowed[index].Value
        : throw UsageException.Of(
            option,
            value,
            $"this must be {string.Join(" or ", allowed.Select(row => row.Name))}."
        );

    private sealed record ListedModel(
        string Name,
        string File,
        string? Kind,
        string? Family,
        string? Layout,
        string? Dtype,
        string? Error
    );
}
