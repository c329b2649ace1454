using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.V1;

/// <summary>The generated code for what <c>/v1</c> sends: camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(UploadView))]
[JsonSerializable(typeof(ReadView))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(IReadOnlyList<ControlView>))]
[JsonSerializable(typeof(IReadOnlyList<ChoiceView>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, RangeView>))]
[JsonSerializable(typeof(IReadOnlyList<WorkerView>))]
[JsonSerializable(typeof(QueueView))]
[JsonSerializable(typeof(ServerView))]
[JsonSerializable(typeof(PlanView))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class V1Json : JsonSerializerContext
{
    /// <summary>
    /// An answer in this form, whatever form other APIs of the program have; in one piece, since each piece of the
    /// answers to clients that poll takes from the step of a picture.
    /// </summary>
    public static IResult Answer<T>(T value, int status = StatusCodes.Status200OK) =>
        TypedResults.Text(
            JsonSerializer.SerializeToUtf8Bytes(value, TypeOf<T>()),
            "application/json; charset=utf-8",
            status
        );

    /// <summary>The text of a value.</summary>
    public static string Text<T>(T value) => JsonSerializer.Serialize(value, TypeOf<T>());

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!;
}
