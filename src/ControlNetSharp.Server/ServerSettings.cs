using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Operation;
using ControlNetSharp.Server.Safety;

namespace ControlNetSharp.Server;

/// <summary>How the server runs. Each member is a row of <see cref="SettingTable"/>.</summary>
public sealed record ServerSettings
{
    /// <summary>The address to listen at; default loopback. Elsewhere callers must log in.</summary>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>The port, 0 for any free one; default 7860 as programs for stable-diffusion-webui expect it.</summary>
    public int Port { get; init; } = 7860;

    /// <summary>Where jobs are kept: a file for SQLite, or PostgreSQL's connection text with <c>Host=</c>.</summary>
    public string? Jobs { get; init; }

    /// <summary>
    /// A folder for pictures, shared by all programs at one store; null to keep them in the database.
    /// </summary>
    public string? Results { get; init; }

    /// <summary>Jobs that each device takes at a time, 0 for a front end only; default 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>The devices of this process, each with its own engine; default <c>cpu</c>.</summary>
    public IReadOnlyList<string> Devices { get; init; } = ["cpu"];

    /// <summary>The type that is computed in; default <c>auto</c>.</summary>
    public string Dtype { get; init; } = "auto";

    /// <summary>Folders with models.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>
    /// A folder with the folders <c>datasets</c> and <c>trainings</c>, the same for all programs at one store.
    /// </summary>
    public string TrainingFolder { get; init; } = Path.Combine(Path.GetDirectoryName(DefaultJobs)!, "training");

    /// <summary>
    /// Bytes that loaded networks may take while they are not used; null for those of the last request.
    /// </summary>
    public long? IdleMemory { get; init; }

    /// <summary>Files of TAESD that previews are decoded with.</summary>
    public IReadOnlyList<string> PreviewDecoders { get; init; } = [];

    /// <summary>The bounds of the queue.</summary>
    public JobStoreOptions Queue { get; init; } = new();

    /// <summary>What one request may ask for.</summary>
    public RequestLimits Limits { get; init; } = new();

    /// <summary>Who may log in by name and password; the name is the owner of the jobs.</summary>
    public IReadOnlyList<UserLogin> Users { get; init; } = [];

    /// <summary>A file of API keys, as <c>controlnet serve --new-key</c> writes it; null for none.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Whether anybody may call from anywhere without logging in.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Origins of other pages that may call, such as <c>https://draw.example</c>; <c>*</c> for all.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Names of this server beside its addresses, <c>localhost</c> and the machine's name.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Whether prompts may stand in the log.</summary>
    public bool LogPrompts { get; init; }

    /// <summary>Whether each line of the log is a JSON object.</summary>
    public bool LogJson { get; init; }

    /// <summary>Whether traces and metrics are sent by OTLP; where to, the OTEL_ variables say.</summary>
    public bool Telemetry { get; init; }

    /// <summary>The default place of the jobs: in the data folder of the person who runs the program.</summary>
    public static string DefaultJobs { get; } =
        Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.Create
            ),
            "controlnetsharp",
            "jobs.db"
        );
}
