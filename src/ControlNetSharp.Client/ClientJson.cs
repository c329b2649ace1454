using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Client;

/// <summary>The generated code for the calls; what a newer server says more is passed over.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(JobStateWords)]
)]
[JsonSerializable(typeof(Generation))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(Upload))]
[JsonSerializable(typeof(ReadPicture))]
[JsonSerializable(typeof(ModelAnswer))]
[JsonSerializable(typeof(IReadOnlyList<Control>))]
[JsonSerializable(typeof(IReadOnlyList<Choice>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, MemberRange>))]
[JsonSerializable(typeof(IReadOnlyList<Worker>))]
[JsonSerializable(typeof(QueueState))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ClientJson : JsonSerializerContext;

/// <summary>States in lower case.</summary>
internal sealed class JobStateWords() : JsonStringEnumConverter<JobState>(JsonNamingPolicy.CamelCase);

/// <summary>The list of models.</summary>
internal sealed record ModelAnswer(IReadOnlyList<Model> Data);

/// <summary>Problem details.</summary>
internal sealed record Problem(string? Title = null, string? Detail = null, string? Code = null, string? Member = null);
