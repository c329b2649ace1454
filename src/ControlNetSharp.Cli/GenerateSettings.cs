using System.CommandLine;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>What <c>controlnet generate</c> was asked for: the request, and what becomes of its pictures.</summary>
internal sealed record GenerateSettings
{
    /// <summary>The request, checked; of a picture that is made again, that one's.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>The picture that is made again; null in a run of its own.</summary>
    public Replay? Replay { get; init; }

    /// <summary>File or folder of the result.</summary>
    public required string Output { get; init; }

    /// <summary>Whether files that are there are replaced.</summary>
    public required bool Overwrites { get; init; }

    public required bool WritesMaps { get; init; }

    public required ManifestInputs Inputs { get; init; }

    /// <summary>The folder of <c>--models</c>; null for none.</summary>
    public required string? ModelsFolder { get; init; }

    public required bool PrintsRequest { get; init; }

    /// <summary>How many pictures are written.</summary>
    public int Pictures => Replay is null ? Request.Pictures : 1;

    /// <summary>Reads the options; no model is opened.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="output">Where is said what is left out of another program's parameters.</param>
    /// <exception cref="UsageException">
    /// A value is wrong; the message names option, value and what is allowed.
    /// </exception>
    /// <exception cref="RequestException">A value of a request in a file is wrong.</exception>
    public static GenerateSettings Read(ParseResult arguments, CommandOutput output)
    {
        var models = arguments.GetValue(GenerateOptions.Models);
        if (models is not null && !Directory.Exists(models))
        {
            throw UsageException.Of(GenerateOptions.Models.Name, models, "there is no such folder.");
        }

        var (request, replay) = ReadRequest(arguments, output);
        request = replay is null ? RequestRows.Expanded(request) : request;
        request.Check();
        if (arguments.Has(GenerateOptions.Count))
        {
            RequestRows.RequireCount(request);
        }

        return new GenerateSettings
        {
            Request = request,
            Replay = replay,
            Output = CheckOutput(arguments.GetValue(GenerateOptions.Out)),
            Overwrites = arguments.GetValue(OutputPlace.Overwrite),
            WritesMaps = arguments.GetValue(GenerateOptions.SaveMaps),
            Inputs = arguments.GetValue(GenerateOptions.Manifest) switch
            {
                null or "embed" => ManifestInputs.Embed,
                "link" => ManifestInputs.Link,
                var other => throw UsageException.Of(GenerateOptions.Manifest.Name, other, "must be embed or link."),
            },
            ModelsFolder = models,
            PrintsRequest = arguments.GetValue(GenerateOptions.PrintRequest),
        };
    }

    private static (GenerationRequest Request, Replay? Replay) ReadRequest(ParseResult arguments, CommandOutput output)
    {
        if (arguments.GetValue(GenerateOptions.Replay) is { } picture)
        {
            return ReadReplay(arguments, picture, output);
        }

        if (arguments.GetValue(GenerateOptions.Request) is { } file)
        {
            return (RequestFlags.Over(RequestFile.Read(file), arguments), null);
        }

        return arguments.GetValue(GenerateOptions.Prompt) is { } prompt
            ? (RequestFlags.Over(new GenerationRequest { Prompt = prompt }, arguments), null)
            : throw new UsageException(
                GenerateOptions.Prompt.Name,
                $"{GenerateOptions.Prompt.Name} TEXT is required, or {GenerateOptions.Request.Name} FILE, or "
                    + $"{GenerateOptions.Replay.Name} PICTURE."
            );
    }

    /// <summary>What could change the pixels of a picture that is made again cannot be given beside it.</summary>
    private static (GenerationRequest Request, Replay? Replay) ReadReplay(
        ParseResult arguments,
        string picture,
        CommandOutput output
    )
    {
        Option[] allowed =
        [
            GenerateOptions.Model,
            GenerateOptions.Out,
            GenerateOptions.Models,
            GenerateOptions.SaveMaps,
            OutputPlace.Overwrite,
            GenerateOptions.PrintRequest,
            GenerateOptions.Lenient,
        ];
        if (
            GenerateOptions
                .OfRequest.Append(GenerateOptions.Request)
                .Append(GenerateOptions.Manifest)
                .Except(allowed)
                .FirstOrDefault(arguments.Has) is
            { } other
        )
        {
            throw new UsageException(
                other.Name,
                $"{other.Name} cannot be given together with {GenerateOptions.Replay.Name}: the picture has its own. "
                    + $"Allowed are {string.Join(", ", allowed.Select(option => option.Name))} and --device."
            );
        }

        var model = arguments.GetValue(GenerateOptions.Model);
        if (
            ForeignPicture.Read(
                picture,
                model,
                arguments.GetValue(GenerateOptions.Models),
                arguments.GetValue(GenerateOptions.Lenient),
                output
            ) is
            { } foreign
        )
        {
            return (foreign, null);
        }

        var replay = ReplayedPicture.Read(picture, model);
        return (replay.Manifest.Request, replay);
    }

    private static string CheckOutput(string? path)
    {
        var (option, output) = (GenerateOptions.Out.Name, path ?? ".");
        if (Directory.Exists(output))
        {
            OutputPlace.Check(option, output, output);
            return output;
        }

        if (!output.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw UsageException.Of(option, output, "must be a file ending in .png or a folder that exists.");
        }

        OutputPlace.Check(option, output, Path.GetDirectoryName(Path.GetFullPath(output))!);
        return output;
    }
}
