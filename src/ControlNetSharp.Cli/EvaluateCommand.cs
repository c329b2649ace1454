using System.CommandLine;
using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet evaluate</c>: how well a model's ControlNets make it follow hints.</summary>
internal static class EvaluateCommand
{
    /// <summary>The first seed of the scenes that no training ever uses.</summary>
    private const long FirstSeed = 1_000_000;

    private static readonly Option<string?> Model = new("--model", "-m") { Description = "pocket (embedded, the default) or a .safetensors checkpoint." };
    private static readonly Option<string[]> Kinds = new("--control", "-c") { Description = "A condition kind; default: canny." };
    private static readonly Option<string?> Pictures = new("--pictures") { Description = "Scenes to measure on, 1 to 10000; default 64." };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder of pictures to measure on in place of scenes; a prompt may lie beside each as .txt." };
    private static readonly Option<string?> Models = new("--models") { Description = "Folder in which ControlNets are searched by their published names." };

    private static readonly Option<bool> Annotators = new("--annotators") { Description = "Measures the embedded annotators on scenes (default 500) in place of a model." };

    public static Command Create()
    {
        var command = new Command("evaluate", "Measures how well pictures follow their hints, or how well the embedded annotators see.") { Model, Kinds, Pictures, Data, Models, Annotators };
        foreach (var option in ComputeSettings.Options)
        {
            command.Add(option);
        }

        return command;
    }

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(Annotators))
        {
            AnnotatorTable.Run(Seeds(arguments.Whole(Pictures, 500, 1, 10_000)), ModelFiles.ForAnnotators(arguments.GetValue(Models)), output, json, cancellationToken);
            return;
        }

        var name = arguments.GetValue(Model) ?? ModelFiles.Pocket;
        var count = arguments.Whole(Pictures, 64, 1, 10_000);
        var kinds = (arguments.GetValue(Kinds) is { Length: > 0 } given ? given : ["canny"]).Select(ConditionKind.Find).ToList();
        if (kinds.Find(kind => kind.Name != "canny") is { } other)
        {
            throw UsageException.Of(Kinds.Name, other.Name, "there is no score for this kind; must be canny.");
        }

        var files = arguments.GetValue(Data) is { } data ? PictureFiles(data) : null;
        var compute = ComputeSettings.Read(arguments);
        var modelPath = ModelFiles.FindModel(name);
        var controlPath = ModelFiles.FindControlNet(kinds[0], name, modelPath, arguments.GetValue(Models));
        var placement = compute.Place();
        CheckpointLoader.CheckControlNets(modelPath, [controlPath]);
        using var model = CheckpointLoader.LoadModel(modelPath, placement);
        using var controlNet = CheckpointLoader.LoadControlNet(controlPath, placement, model);
        var references = files is null
            ? Seeds(count).Select(Scene.FromSeed).Select(scene => new ReferencePicture(SceneRenderer.Render(scene, model.NativeSize), scene.Caption))
            : files.Select(file => Reference(file, model.NativeSize));
        var (total, clock) = (files?.Count ?? count, System.Diagnostics.Stopwatch.StartNew());
        var workers = NarrowModels.AreFasterSideBySide(model.UNet.Params) && placement.Device.type == TorchSharp.DeviceType.CPU ? 2 : 1;
        ControlScore score;
        using (var bar = new ProgressBar(output))
        {
            score = new ControlEvaluation(model, workers).Canny(controlNet, references, done => bar.Show(done, total, clock.Elapsed.TotalSeconds), cancellationToken);
        }

        Report(output, json, name, total, score);
    }

    private static IReadOnlyList<long> Seeds(int count) => [.. Enumerable.Range(0, count).Select(i => FirstSeed + i)];

    private static List<string> PictureFiles(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw UsageException.Of(Data.Name, folder, "there is no such folder.");
        }

        string[] endings = [".png", ".jpg", ".jpeg", ".webp"];
        var files = Directory.GetFiles(folder).Where(file => endings.Contains(Path.GetExtension(file).ToLowerInvariant())).Order(StringComparer.Ordinal).ToList();
        return files.Count > 0 ? files : throw UsageException.Of(Data.Name, folder, $"there is no picture in it; looked for {string.Join(", ", endings)}.");
    }

    private static ReferencePicture Reference(string file, int size)
    {
        var text = Path.ChangeExtension(file, ".txt");
        return new ReferencePicture(PictureResizing.Fit(PictureReader.Read(file), size, size, ResizeMode.Crop), File.Exists(text) ? File.ReadAllText(text).Trim() : "");
    }

    private static void Report(CommandOutput output, bool json, string model, int pictures, ControlScore score)
    {
        if (json)
        {
            output.WriteJson(new { model, pictures, kinds = new[] { score } });
            return;
        }

        output.Result.WriteLine("| kind | metric | score | without control | Autoencoder's round trip | real pictures | recovery |");
        output.Result.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        output.Result.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {score.Kind} | {score.Metric} | {score.Score:f3} | {score.ScoreWithoutControl:f3} | {score.ScoreOfRoundTrip:f3} | {score.ScoreOfRealPictures:f3} | {score.Recovery:f3} |"));
    }
}
