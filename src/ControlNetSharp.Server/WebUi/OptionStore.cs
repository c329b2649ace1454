using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Models;
using ControlNetSharp.Server.Jobs;
using Microsoft.Extensions.Logging;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The options that somebody set, for the whole server. Beside an SQLite store they are kept in a file; front ends at
/// one PostgreSQL keep them in memory, each its own.
/// </summary>
internal sealed partial class OptionStore
{
    private const string FileName = "webui-options.json";

    private readonly Lock _lock = new();
    private readonly WebUiModels _models;
    private readonly ILogger<OptionStore> _logger;
    private readonly string? _file;
    private readonly JsonObject _set;

    public OptionStore(ServerSettings settings, WebUiModels models, ILogger<OptionStore> logger)
    {
        (_models, _logger) = (models, logger);
        var jobs = settings.Jobs ?? ServerSettings.DefaultJobs;
        _file = SqlDialect.IsPostgres(jobs)
            ? null
            : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(jobs))!, FileName);
        _set = ReadFile();
    }

    /// <summary>All options with their values.</summary>
    public JsonObject All()
    {
        var all = new JsonObject();
        foreach (var option in OptionTable.All)
        {
            all[option.Name] = Value(option.Name);
        }

        return all;
    }

    /// <summary>The value of an option.</summary>
    public JsonNode? Value(string name)
    {
        lock (_lock)
        {
            if (_set[name] is { } value)
            {
                return value.DeepClone();
            }
        }

        return name switch
        {
            OptionTable.Model => _models.Default?.Title ?? "",
            "sd_checkpoint_hash" => Current()?.Sha256 ?? "",
            _ => OptionTable.NodeOf(OptionTable.Find(name)!),
        };
    }

    /// <summary>Text of an option.</summary>
    public string Text(string name) => Value(name)!.GetValue<string>();

    /// <summary>Sets some options, all of them or none.</summary>
    /// <param name="values">Values by key.</param>
    /// <param name="ignoresUnknown">Whether keys that are not known are passed over.</param>
    /// <exception cref="WebUiException">One is not known, not offered here, or cannot have this value.</exception>
    public void Set(JsonElement values, bool ignoresUnknown = false)
    {
        var wanted = new List<(string Name, JsonNode? Value)>();
        foreach (var property in values.EnumerateObject())
        {
            if (OptionTable.Find(property.Name) is { } option)
            {
                var value = Checked(option, property.Value);
                RequireThere(option, value);
                wanted.Add((option.Name, value));
            }
            else if (!ignoresUnknown)
            {
                throw WebUiException.Python("KeyError", $"'{property.Name}'");
            }
        }

        lock (_lock)
        {
            wanted.ForEach(one => _set[one.Name] = one.Value);
            WriteFile();
        }
    }

    /// <summary>A value that an option may have here.</summary>
    /// <exception cref="WebUiException">It may not.</exception>
    public static JsonNode? Checked(WebUiOption option, JsonElement value)
    {
        var read = OptionTable.FieldOf(option).Read(value, out var error);
        if (error is { } wrong)
        {
            throw WebUiException.Http(422, $"{option.Name} {value.GetRawText()}: {wrong.Message}.");
        }

        if (
            option.Effect == OptionEffect.Fixed
            && read is not null
            && !JsonNode.DeepEquals(read, OptionTable.NodeOf(option))
        )
        {
            throw WebUiException.Http(
                422,
                $"{option.Name} {value.GetRawText()}: this is not offered here; "
                    + $"it is always {OptionTable.NodeOf(option)?.ToJsonString()}."
            );
        }

        if (
            option.Name == OptionTable.Format
            && read is not null
            && PictureFormat.Find(read.GetValue<string>()) is null
        )
        {
            throw WebUiException.Http(
                422,
                $"{option.Name} {value.GetRawText()}: must be one of {string.Join(", ", PictureFormat.Names)}."
            );
        }

        return read;
    }

    private ListedModel? Current()
    {
        var title = Text(OptionTable.Model);
        return _models.Checkpoints().FirstOrDefault(model => model.IsCalled(title));
    }

    private void RequireThere(WebUiOption option, JsonNode? value)
    {
        var (role, name) = option.Name switch
        {
            OptionTable.Model => (ModelRole.Model, value?.GetValue<string>()),
            OptionTable.Vae => (ModelRole.Autoencoder, WebUiModels.OwnVae(value?.GetValue<string>())),
            _ => (ModelRole.None, null),
        };
        if (name is { Length: > 0 } && _models.Find(role, name) is null)
        {
            throw WebUiException.Python("RuntimeError", $"model '{name}' not found");
        }
    }

    private JsonObject ReadFile()
    {
        try
        {
            return _file is not null && File.Exists(_file)
                ? JsonNode.Parse(File.ReadAllBytes(_file)) as JsonObject ?? []
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            LogNotRead(_file!, e.Message);
            return [];
        }
    }

    private void WriteFile()
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            var temporary = $"{_file}.{Guid.NewGuid():N}";
            File.WriteAllText(temporary, _set.ToJsonString());
            File.Move(temporary, _file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(_file, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{File} cannot be read, so the options are the usual ones: {Reason}")]
    private partial void LogNotRead(string file, string reason);

    [LoggerMessage(LogLevel.Warning, "{File} cannot be written, so the options last until the end: {Reason}")]
    private partial void LogNotWritten(string file, string reason);
}
