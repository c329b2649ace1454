using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server;

/// <summary>How the server runs: from flags, environment and a file, in this order of weight.</summary>
public sealed record ServerSettings
{
    /// <summary>The address to listen at; default loopback.</summary>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>The port, 0 for any free one; default 7860 as programs for stable-diffusion-webui expect it.</summary>
    public int Port { get; init; } = 7860;

    /// <summary>Where jobs are kept: a file for SQLite, or PostgreSQL's connection text with <c>Host=</c>.</summary>
    public string? Jobs { get; init; }

    /// <summary>A folder for pictures, shared by all programs at one store; null to keep them in the database.</summary>
    public string? Results { get; init; }

    /// <summary>Workers in this process, 0 for a front end only; default 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Where the workers of this process compute; default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The type that is computed in; default <c>auto</c>.</summary>
    public string Dtype { get; init; } = "auto";

    /// <summary>Folders with models.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Bytes that loaded networks may take while they are not used; null for those of the last request.</summary>
    public long? IdleMemory { get; init; }

    /// <summary>The bounds of the queue.</summary>
    public JobStoreOptions Queue { get; init; } = new();

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
