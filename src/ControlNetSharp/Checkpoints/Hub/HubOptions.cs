using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>
/// Where the hub is and where its files are kept. Source of the variables: huggingface_hub, constants.py and
/// "Environment variables" of its documentation.
/// </summary>
internal sealed record HubOptions
{
    /// <summary>The hub's own address.</summary>
    public const string DefaultEndpoint = "https://huggingface.co";

    private static readonly string[] Yes = ["1", "on", "yes", "true"];

    /// <summary>Address of the hub or of a mirror, without a slash at the end.</summary>
    public Uri Endpoint { get; init; } = new(DefaultEndpoint);

    /// <summary>The folder of the cache, laid out as the hub's own tools do; it is made where it is missing.</summary>
    public string Cache { get; init; } = ModelFolders.HubCache;

    /// <summary>The user's access token; it is sent to the endpoint alone. Null without one.</summary>
    public string? Token { get; init; }

    /// <summary>Whether nothing may be asked of the network: what is not in the cache is missing.</summary>
    public bool IsOffline { get; init; }

    /// <summary>
    /// How long the hub may be silent before the connection is given up and taken up again; default one minute.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Waits between two attempts; for tests, which do not want to.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Wait { get; init; } = Task.Delay;

    /// <summary>
    /// What the environment says: HF_ENDPOINT; HF_HUB_CACHE or HF_HOME; HF_TOKEN, or the file HF_TOKEN_PATH or
    /// <c>token</c> in HF_HOME; HF_HUB_OFFLINE.
    /// </summary>
    /// <exception cref="ArgumentException">HF_ENDPOINT is no address.</exception>
    public static HubOptions FromEnvironment()
    {
        var options = new HubOptions
        {
            Token = FindToken(),
            IsOffline =
                ModelFolders.Variable("HF_HUB_OFFLINE") is { } offline && Yes.Contains(offline.ToLowerInvariant()),
        };
        return ModelFolders.Variable("HF_ENDPOINT") is not { } endpoint ? options
            : Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
                ? options with
                {
                    Endpoint = address,
                }
            : throw new UnknownNameException(
                endpoint,
                "HF_ENDPOINT must be an address that begins with https:// or http://."
            );
    }

    private static string? FindToken()
    {
        var token = ModelFolders.Variable("HF_TOKEN") ?? ModelFolders.Variable("HUGGING_FACE_HUB_TOKEN");
        var file = ModelFolders.Variable("HF_TOKEN_PATH") ?? Path.Combine(ModelFolders.HubHome, "token");
        token ??= File.Exists(file) ? File.ReadAllText(file) : null;
        return token?.Trim() is { Length: > 0 } trimmed ? trimmed : null;
    }
}
