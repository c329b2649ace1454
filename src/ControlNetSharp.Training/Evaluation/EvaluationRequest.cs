using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// What is to be measured: how well a model's ControlNets make pictures follow their hints. Plain data, the same in C#
/// and JSON; <see cref="RequestedEvaluation"/> does it.
/// </summary>
public sealed record EvaluationRequest
{
    /// <summary>The version of the form described here.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the request's form; 1.</summary>
    [Range(CurrentVersion, CurrentVersion)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Name, path or hash of the model; default the embedded one.</summary>
    public string Model { get; init; } = GenerationRequest.EmbeddedModel;

    /// <summary>What is measured; none (the default) for every kind for which a ControlNet is found.</summary>
    public IReadOnlyList<EvaluatedControl> Controls { get; init; } = [];

    /// <summary>Scenes to measure on, of each group, 1 to 10000; default 64. Does not count with data.</summary>
    [Range(1, EvaluationScenes.Most)]
    public int Pictures { get; init; } = 64;

    /// <summary>
    /// Folder of pictures to measure on in place of scenes; a prompt may lie beside each as .txt. Null (the default)
    /// for scenes.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>Sampling steps, 1 to 1000; default 20.</summary>
    [Range(1, SamplingPlan.MostSteps)]
    public int Steps { get; init; } = 20;

    /// <summary>Name or alias of a sampler; default Euler.</summary>
    public string Sampler { get; init; } = new SamplingOptions().Sampler;

    /// <summary>Guidance scale (CFG), 1 to 30; null (the default) for the model's own.</summary>
    [Range(1.0, 30.0)]
    public double? GuidanceScale { get; init; }

    /// <summary>Names, paths or hashes of LoRAs that are added to the model, at weight 1; none by default.</summary>
    public IReadOnlyList<string> Loras { get; init; } = [];

    /// <summary>Whether combinations of units are measured, too.</summary>
    public bool Combinations { get; init; }

    /// <summary>
    /// Folder for a page that shows all pictures side by side; it does not exist yet or is empty. Null (the default)
    /// for none.
    /// </summary>
    public string? Page { get; init; }

    /// <summary>
    /// Further scenes that stand for real pictures in the kernel distance, 2 to 1000; default 256. Does not count with
    /// data: pictures from elsewhere are not compared with scenes.
    /// </summary>
    [Range(2, 1000)]
    public int RealScenes { get; init; } = 256;

    /// <summary>Reads a request and checks it.</summary>
    /// <param name="utf8">JSON in UTF-8; what is left out has its default.</param>
    /// <param name="folder">Where relative paths count from; null for the present folder.</param>
    /// <exception cref="RequestException">
    /// It is no JSON, no request, or asks for what is not allowed; the message has the path of the member.
    /// </exception>
    public static EvaluationRequest Read(ReadOnlySpan<byte> utf8, string? folder = null)
    {
        var request = RequestJson.Parse(utf8, EvaluationJsonContext.Default.EvaluationRequest);
        request = folder is null ? request : request.From(folder);
        request.Check();
        return request;
    }

    /// <summary>The request as indented JSON; members that are null are left out.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJsonContext.Default.EvaluationRequest);

    /// <summary>Checks all that is told from the request alone, before a file is opened.</summary>
    /// <exception cref="RequestException">
    /// A value is not allowed; the member, its value and what is allowed are named.
    /// </exception>
    internal void Check()
    {
        MemberRanges.Check(this, "");
        var (_, scheduler) = RequestRules.Named("sampler", Sampler, name => SamplerCatalogue.Resolve(name));
        RequestRules.Require(
            Steps <= scheduler.MostSteps,
            "steps",
            Steps,
            $"must be at most {scheduler.MostSteps} with the sampler {Sampler}."
        );
        foreach (var (index, lora) in Loras.Index())
        {
            RequestRules.Require(!string.IsNullOrWhiteSpace(lora), $"loras[{index}]", lora, "must be a name.");
        }

        var kinds = new HashSet<ConditionKind>();
        foreach (var (index, control) in Controls.Index())
        {
            RequestRules.Require(
                kinds.Add(KindOf(index)),
                $"controls[{index}].kind",
                control.Kind,
                $"{KindOf(index).Name} is given twice."
            );
        }
    }

    /// <summary>The kind of a control.</summary>
    /// <exception cref="RequestException">It is none, or has no metric.</exception>
    internal ConditionKind KindOf(int index) =>
        RequestRules.Named(
            $"controls[{index}].kind",
            Controls[index].Kind,
            name =>
            {
                var kind = ConditionKind.Find(name);
                _ = ConditionMetric.Of(kind.Name);
                return kind;
            }
        );

    private EvaluationRequest From(string folder) =>
        this with
        {
            Model = RequestPaths.RootedNetwork(Model, folder)!,
            Controls =
            [
                .. Controls.Select(control =>
                    control with
                    {
                        Model = RequestPaths.RootedNetwork(control.Model, folder),
                    }
                ),
            ],
            Loras = [.. Loras.Select(lora => RequestPaths.RootedNetwork(lora, folder)!)],
            Data = RequestPaths.Rooted(Data, folder),
            Page = RequestPaths.Rooted(Page, folder),
        };
}

/// <summary>The generated code for requests of evaluations.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(EvaluationRequest))]
internal sealed partial class EvaluationJsonContext : JsonSerializerContext;
