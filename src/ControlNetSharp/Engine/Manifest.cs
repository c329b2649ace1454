using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>
/// What a picture says of its making: the request, with all that was left open settled (seed, size), and what it was
/// resolved to.
/// With it the picture can be made again, pixel for pixel on the same kind of machine.
/// </summary>
public sealed record Manifest
{
    /// <summary>
    /// Key of the JSON text in a PNG; pictures that went in stand under keys that begin with it and a full stop.
    /// </summary>
    public const string Key = "controlnetsharp";

    private const string ResolvedMember = "resolved";

    /// <summary>
    /// The request of this picture's batch: seed and size are set, <see cref="GenerationRequest.Count"/> is 1.
    /// </summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>What the request was resolved to.</summary>
    public required Resolution Resolved { get; init; }

    /// <summary>The JSON text: the request, with one member more, <c>resolved</c>.</summary>
    public string ToJson()
    {
        var json = JsonSerializer.SerializeToNode(Request, RequestJsonContext.Default.GenerationRequest)!.AsObject();
        json[ResolvedMember] = JsonSerializer.SerializeToNode(Resolved, ManifestJsonContext.Default.Resolution);
        return json.ToJsonString();
    }

    /// <summary>Reads a JSON text, of this version or of the first one.</summary>
    /// <exception cref="RequestException">It is no manifest, or one with values that are not possible.</exception>
    public static Manifest Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        using var document = ParseObject(json);
        var members = document.RootElement;
        var manifest = FirstManifest.IsOne(members) ? FirstManifest.Read(members) : Split(members);
        manifest.Request.Check();
        var index = manifest.Resolved.BatchIndex;
        RequestRules.Require(
            index >= 0 && index < manifest.Request.Batch,
            "resolved.batchIndex",
            index,
            $"must be from 0 to {manifest.Request.Batch - 1}."
        );
        RequestRules.Require(
            manifest.Request is { Size: not null, Seed: not null },
            "request",
            null,
            "must have a size and a seed."
        );
        RequestRules.Require(
            manifest.Resolved.Units.Count == manifest.Request.Units.Count,
            "resolved.units",
            manifest.Resolved.Units.Count,
            $"must be as many as the request has, {manifest.Request.Units.Count}."
        );
        RequestRules.Require(
            manifest.Resolved.Regions.Count == manifest.Request.Regions.Count,
            "resolved.regions",
            manifest.Resolved.Regions.Count,
            $"must be as many as the request has, {manifest.Request.Regions.Count}."
        );
        RequireFilesOfUpscale(manifest);
        RequestRules.Require(
            manifest.Resolved.Threads is >= 1 and <= 4096,
            "resolved.threads",
            manifest.Resolved.Threads,
            "must be from 1 to 4096."
        );
        return manifest;
    }

    /// <summary>What the request asks a file for, and nothing else, was resolved to one.</summary>
    private static void RequireFilesOfUpscale(Manifest manifest)
    {
        var (request, resolved) = (manifest.Request, manifest.Resolved);
        var upscaler = request.Upscale?.Upscaler ?? request.Hires?.Upscaler;
        RequestRules.Require(
            (upscaler is not null && UpscalerCatalogue.LookFor(upscaler) is null) == resolved.Upscaler is not null,
            "resolved.upscaler",
            resolved.Upscaler?.Name,
            $"must be there where the request names a file that enlarges, and only there ({upscaler ?? "none"})."
        );
        RequestRules.Require(
            request.Upscale?.Control is not null == resolved.UpscaleControl is not null,
            "resolved.upscaleControl",
            resolved.UpscaleControl?.Name,
            "must be there where the tiles of the request are controlled, and only there."
        );
    }

    /// <summary>Texts with half a surrogate pair would fail only where somebody asks for them.</summary>
    private static JsonDocument ParseObject(string json)
    {
        try
        {
            return CheckedJson.ParseObject(Encoding.UTF8.GetBytes(json));
        }
        catch (JsonException e)
        {
            throw NoObject(e);
        }
    }

    private static RequestException NoObject(Exception e) => new("", null, $"it is no JSON object: {e.Message}", e);

    private static Manifest Split(JsonElement manifest)
    {
        var members = JsonObject.Create(manifest)!;
        try
        {
            // Two members of one name are found when they are looked for.
            members.ContainsKey(ResolvedMember);
        }
        catch (ArgumentException e)
        {
            throw NoObject(e);
        }

        members.Remove(ResolvedMember, out var resolved);
        return new Manifest
        {
            Request = RequestJson.Parse(
                Encoding.UTF8.GetBytes(members.ToJsonString()),
                RequestJsonContext.Default.GenerationRequest
            ),
            Resolved = RequestJson.Parse(
                Encoding.UTF8.GetBytes(resolved?.ToJsonString() ?? "null"),
                ManifestJsonContext.Default.Resolution
            ),
        };
    }
}

/// <summary>What the names and open questions of a request came to.</summary>
public sealed record Resolution
{
    /// <summary>Version of ControlNetSharp.</summary>
    public required string Program { get; init; }

    /// <summary>Version of libtorch.</summary>
    public required string Libtorch { get; init; }

    /// <summary>Which picture of the batch this is, from 0.</summary>
    public int BatchIndex { get; init; }

    /// <summary>cpu or cuda:N.</summary>
    public required string Device { get; init; }

    /// <summary>fp32, bf16, fp16 or int8.</summary>
    public required string Dtype { get; init; }

    /// <summary>Threads that libtorch computed with.</summary>
    public required int Threads { get; init; }

    /// <summary>The model.</summary>
    public required ResolvedFile Model { get; init; }

    /// <summary>The checkpoint of the other Autoencoder; null where the model's own was taken.</summary>
    public ResolvedFile? Vae { get; init; }

    /// <summary>The upscaler's file; null where nothing was enlarged by one.</summary>
    public ResolvedFile? Upscaler { get; init; }

    /// <summary>The ControlNet of the tiles; null for none.</summary>
    public ResolvedFile? UpscaleControl { get; init; }

    /// <summary>The initial picture as it went in; null without one, or where only its file is named.</summary>
    public string? Initial { get; init; }

    /// <summary>Its mask, likewise.</summary>
    public string? Mask { get; init; }

    /// <summary>
    /// The masks of the request's regions as they went in, one for each; null where only its file is named.
    /// </summary>
    public IReadOnlyList<string?> Regions { get; init; } = [];

    /// <summary>One for each unit of the request.</summary>
    public required IReadOnlyList<ResolvedUnit> Units { get; init; }

    /// <summary>The LoRAs that the prompt names.</summary>
    public IReadOnlyList<ResolvedFile> Loras { get; init; } = [];

    /// <summary>The textual inversions that the prompts name.</summary>
    public IReadOnlyList<ResolvedFile> Embeddings { get; init; } = [];
}

/// <summary>A file that a name came to.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Sha256">Of the file or of a folder's weights, 64 lower-case hexadecimal digits.</param>
/// <param name="Path">Where it was; null for the embedded model.</param>
public sealed record ResolvedFile(string Name, string Sha256, string? Path = null);

/// <summary>
/// What a unit came to. Pictures are keys of PNG texts with the pictures as they went in (a PNG in base64).
/// </summary>
public sealed record ResolvedUnit
{
    /// <summary>The ControlNet; null where the unit never acts or takes none.</summary>
    public ResolvedFile? ControlNet { get; init; }

    /// <summary>The image encoder of an IP-Adapter; null for other networks.</summary>
    public ResolvedFile? ImageEncoder { get; init; }

    /// <summary>The annotator's name, or none.</summary>
    public required string Annotator { get; init; }

    /// <summary>Whether residuals were averaged over the picture.</summary>
    public bool Pooled { get; init; }

    /// <summary>The hint of the first pass; null where it is made of the unit's picture again.</summary>
    public string? Hint { get; init; }

    /// <summary>The hint of the second pass.</summary>
    public string? HiresHint { get; init; }

    /// <summary>Where it acted.</summary>
    public string? Mask { get; init; }

    /// <summary>Where an inpainting ControlNet's hint was made anew.</summary>
    public string? Inpaint { get; init; }
}

/// <summary>The generated code for manifests.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(Resolution))]
internal sealed partial class ManifestJsonContext : JsonSerializerContext;
