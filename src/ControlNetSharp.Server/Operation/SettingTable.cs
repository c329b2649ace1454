using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using static ControlNetSharp.Server.Operation.SettingValue;

namespace ControlNetSharp.Server.Operation;

/// <summary>All settings: what flags, variables and the file may say.</summary>
internal static class SettingTable
{
    private const int MostQueued = 1_000_000;
    private const double LongestLease = 3600;

    /// <summary>In the order of help.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        One("port", "Port, 0 for any free one; default 7860.", (s, v) => s with { Port = Whole(v, 0, 65535) }),
        One("listen", "Address to listen at; default 127.0.0.1.", (s, v) => s with { Listen = Filled(v) }),
        Many(
            "auth",
            "USER:PASSWORD of somebody who may call; several times for several.",
            (s, v) => s with { Users = [.. v.Select(Login)] }
        ),
        One("api-key-file", "File of API keys, NAME:SHA-256 a line.", (s, v) => s with { ApiKeyFile = Filled(v) }),
        Switched("insecure", "Lets anybody call from anywhere.", (s, v) => s with { IsInsecure = v }),
        One(
            "jobs",
            "Where jobs are kept: a file, or \"Host=…\" for PostgreSQL; default: a file of the user's data folder.",
            (s, v) => s with { Jobs = Filled(v) }
        ) with
        {
            IsWorkers = true,
        },
        One(
            "results",
            "Folder for pictures, the same for all programs at one store; default: in the database.",
            (s, v) => s with { Results = Filled(v) }
        ) with
        {
            IsWorkers = true,
        },
        One(
            "workers",
            "Jobs that each device takes at a time, 0 for a front end only; default 1.",
            (s, v) => s with { Workers = Whole(v, 0, 16) }
        ) with
        {
            IsWorkers = true,
        },
        Many(
            "device",
            "cpu (default) or cuda:N; several times for several devices.",
            (s, v) => s with { Devices = [.. v.Select(Filled)] }
        ) with
        {
            IsWorkers = true,
        },
        One("dtype", "auto (default), fp32, bf16, fp16 or int8.", (s, v) => s with { Dtype = Filled(v) }) with
        {
            IsWorkers = true,
        },
        Many(
            "models",
            "Folder with models, ControlNets, LoRAs and annotators; several times for several.",
            (s, v) => s with { Models = [.. v.Select(Filled)] }
        ) with
        {
            IsWorkers = true,
        },
        One(
            "training-folder",
            "Folder with datasets/ and trainings/; default: in the user's data folder.",
            (s, v) => s with { TrainingFolder = Filled(v) }
        ) with
        {
            IsWorkers = true,
        },
        One(
            "idle-memory",
            "Bytes of networks that stay loaded for the next request, such as 20G; default: those of the last one.",
            (s, v) => s with { IdleMemory = Bytes(v) }
        ) with
        {
            IsWorkers = true,
        },
        Many(
            "preview-decoder",
            "File of TAESD that previews are decoded with; several times for SD 1.x and SDXL (xl in its name).",
            (s, v) => s with { PreviewDecoders = [.. v.Select(Filled)] }
        ) with
        {
            IsWorkers = true,
        },
        Queue("queue", "Jobs that may wait; default 200.", (q, v) => q with { QueueBound = Whole(v, 1, MostQueued) }),
        Queue(
            "lease",
            "Seconds of silence after which a worker's job is given to another; default 10.",
            (q, v) => q with { Lease = TimeSpan.FromSeconds(Real(v, 0.5, LongestLease)) }
        ) with
        {
            IsWorkers = true,
        },
        Queue(
            "keep-days",
            "Days that finished jobs are kept; default: for ever.",
            (q, v) => q with { RetentionAge = TimeSpan.FromDays(Real(v, 0.01, 36500)) }
        ),
        Queue(
            "keep-bytes",
            "Bytes of pictures above which the oldest finished jobs go, such as 50G; default: no bound.",
            (q, v) => q with { RetentionBytes = Bytes(v) }
        ),
        Limit("max-body", "Bytes of a request; default 64M.", (l, v) => l with { BodyBytes = AtLeastOne(Bytes(v)) }),
        Limit(
            "max-pixels",
            "Pixels of a picture that is sent or made; default 67108864.",
            (l, v) => l with { Pixels = Whole(v, 64 * 64, 500_000_000) }
        ),
        Limit("max-steps", "Steps of a request; default 1000.", (l, v) => l with { Steps = Whole(v, 1, 1000) }),
        Limit("max-batch", "Pictures of a batch; default 64.", (l, v) => l with { Batch = Whole(v, 1, 64) }),
        Limit("max-count", "Batches of a request; default 1000.", (l, v) => l with { Count = Whole(v, 1, 1000) }),
        Many(
            "allow-origin",
            "Origin of another page that may call, such as https://draw.example; * for all; default: none.",
            (s, v) => s with { Origins = [.. v.Select(Origin)] }
        ),
        Many(
            "allow-host",
            "Name by which this server is called, beside localhost, addresses and the machine's own.",
            (s, v) => s with { Hosts = [.. v.Select(Host)] }
        ),
        Switched("log-prompts", "Lets prompts stand in the log.", (s, v) => s with { LogPrompts = v }) with
        {
            IsWorkers = true,
        },
        One("log-format", "text (default) or json.", (s, v) => s with { LogJson = IsJson(v) }) with
        {
            IsWorkers = true,
        },
        Switched(
            "telemetry",
            "Sends traces and metrics by OTLP, where OTEL_EXPORTER_OTLP_ENDPOINT and its kin say.",
            (s, v) => s with { Telemetry = v }
        ) with
        {
            IsWorkers = true,
        },
    ];

    /// <summary>Those of a program that only works.</summary>
    public static IReadOnlyList<Setting> OfWorkers { get; } = [.. All.Where(setting => setting.IsWorkers)];

    private static long AtLeastOne(long bytes) => bytes >= 1 ? bytes : throw new FormatException("must be at least 1.");

    private static Setting One(string name, string meaning, Func<ServerSettings, string, ServerSettings> apply) =>
        new(name, meaning, (settings, values) => apply(settings, values[^1]));

    private static Setting Many(
        string name,
        string meaning,
        Func<ServerSettings, IReadOnlyList<string>, ServerSettings> apply
    ) => new(name, meaning, apply) { IsMany = true };

    private static Setting Switched(string name, string meaning, Func<ServerSettings, bool, ServerSettings> apply) =>
        One(name, meaning, (settings, value) => apply(settings, Switch(value))) with
        {
            IsSwitch = true,
        };

    private static Setting Queue(string name, string meaning, Func<JobStoreOptions, string, JobStoreOptions> apply) =>
        One(name, meaning, (settings, value) => settings with { Queue = apply(settings.Queue, value) });

    private static Setting Limit(string name, string meaning, Func<RequestLimits, string, RequestLimits> apply) =>
        One(name, meaning, (settings, value) => settings with { Limits = apply(settings.Limits, value) });
}
