using System.CommandLine;
using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet models inspect</c>: what a checkpoint file is.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<string> Input = new("file") { Description = "A .safetensors file or a folder of them." };

    public static Command Create() => new("models", "Looks at checkpoint files.") { new Command("inspect", "Says what a checkpoint file is.") { Input } };

    public static void Inspect(ParseResult arguments, CommandOutput output, bool json)
    {
        var path = arguments.GetValue(Input)!;
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw UsageException.Of("file", path, "there is no such file.");
        }

        using var files = CheckpointFiles.Open(path);
        var (kind, family) = CheckpointKind.Of(files.Shapes);
        var dtypes = files.Shapes.Keys.GroupBy(files.DtypeOf).ToDictionary(g => g.Key, g => g.Count());
        var parameters = files.Shapes.Values.Sum(shape => shape.Aggregate(1L, (a, b) => a * b));
        var hash = File.Exists(path) ? Sha256(path) : null;
        var layout = kind == "unknown" ? null : "ldm";
        if (json)
        {
            output.WriteJson(new { file = path, kind, family, layout, dtype = string.Join(", ", dtypes.Keys), parameters, hash, shortHash = hash?[..10], keys = files.Shapes.Count, metadata = files.Metadata });
            return;
        }

        output.Result.WriteLine($"file        {path}");
        output.Result.WriteLine($"kind        {kind}");
        output.Result.WriteLine($"family      {family ?? "unknown"}");
        output.Result.WriteLine($"layout      {layout ?? "unknown"}");
        output.Result.WriteLine($"dtype       {string.Join(", ", dtypes.Select(d => $"{d.Key} ({d.Value})"))}");
        output.Result.WriteLine($"parameters  {parameters:n0} in {files.Shapes.Count} tensors");
        output.Result.WriteLine($"sha256      {hash ?? "(a folder)"}");
        foreach (var (key, value) in files.Metadata)
        {
            output.Result.WriteLine($"metadata    {key}: {value}");
        }
    }

    private static string Sha256(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
