// A source of checkpoints of one's own, in one file: models out of an archive. A bucket or a registry is the same with a
// download in the place of the unpacking.
// dotnet run samples/model-source.cs -- models.zip dreamlike "a red house" out.png
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using System.IO.Compression;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;

var (archive, model, prompt, output) = (args[0], args[1], args[2], args[3]);
var steps = args.Length > 4 ? int.Parse(args[4], System.Globalization.CultureInfo.InvariantCulture) : 20;
var source = new ArchiveSource(archive, Directory.CreateTempSubdirectory("models").FullName);

// With a host: builder.Services.AddSingleton<IModelSource>(source).
await using var engine = new ControlNetEngine(new EngineOptions { ModelSources = [source] });
var request = new GenerationRequest
{
    Prompt = prompt,
    Model = model,
    Seed = 7,
    Steps = steps,
};
var result = await engine.GenerateAsync(request);
result.Pictures[0].Save(output);

/// <summary>Files NAME.safetensors of a ZIP archive, unpacked when they are asked for.</summary>
internal sealed class ArchiveSource(string archive, string folder) : IModelSource
{
    private readonly Lock _unpacking = new();

    public string? Find(ModelRole role, string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Several callers ask at once, and a name from a stranger is compared, never made a path.
        lock (_unpacking)
        {
            using var zip = ZipFile.OpenRead(archive);
            if (zip.Entries.FirstOrDefault(entry => entry.FullName == name + ".safetensors") is not { } entry)
            {
                return null;
            }

            var file = Path.Combine(folder, $"{entry.Crc32:x8}.safetensors");
            if (!File.Exists(file))
            {
                entry.ExtractToFile(file + ".part", overwrite: true);
                File.Move(file + ".part", file);
            }

            return file;
        }
    }
}
