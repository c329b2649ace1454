using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.WebUi;

/// <summary>The fields that a body may have.</summary>
internal sealed class PayloadSchema(params IReadOnlyList<PayloadField> fields)
{
    private readonly Dictionary<string, PayloadField> _fields = fields.ToDictionary(
        field => field.Name,
        StringComparer.Ordinal
    );

    /// <summary>Reads an object; of a field that is given twice the last one counts.</summary>
    /// <param name="body">The object.</param>
    /// <param name="errors">Gets what is wrong.</param>
    /// <param name="path">Where the object stands.</param>
    public Payload Read(JsonElement body, List<FieldError> errors, params IReadOnlyList<object> path)
    {
        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var unknown = new List<string>();
        foreach (var property in body.EnumerateObject())
        {
            if (_fields.ContainsKey(property.Name))
            {
                given[property.Name] = property.Value;
            }
            else
            {
                unknown.Add(property.Name);
            }
        }

        var values = new JsonObject();
        foreach (var field in fields)
        {
            (string Message, string Type)? error = null;
            values[field.Name] = given.TryGetValue(field.Name, out var value)
                ? field.Read(value, out error)
                : NodeOf(field.Default);
            error ??=
                field.IsRequired && !given.ContainsKey(field.Name) ? ("field required", "value_error.missing") : null;
            if (error is { } wrong)
            {
                errors.Add(new FieldError([.. path, field.Name], wrong.Message, wrong.Type));
            }
        }

        return new Payload(_fields, values, given, unknown);
    }

    internal static JsonNode? NodeOf(object? value) =>
        value switch
        {
            null => null,
            string text => JsonValue.Create(text),
            int whole => JsonValue.Create((long)whole),
            double number => JsonValue.Create(number),
            bool flag => JsonValue.Create(flag),
            IEnumerable<string> texts => new JsonArray([.. texts.Select(text => (JsonNode?)text)]),
            JsonNode node => node.DeepClone(),
            _ => throw new ArgumentException($"{value.GetType()} is no default.", nameof(value)),
        };
}

/// <summary>A body that was read: all known fields, with their defaults where they were not given.</summary>
internal sealed class Payload(
    IReadOnlyDictionary<string, PayloadField> fields,
    JsonObject values,
    IReadOnlyDictionary<string, JsonElement> given,
    IReadOnlyList<string> unknown
)
{
    /// <summary>The fields as they are echoed.</summary>
    public JsonObject Values => values;

    /// <summary>Names that no field has.</summary>
    public IReadOnlyList<string> Unknown => unknown;

    /// <summary>Whether the body has a field.</summary>
    public bool Has(string name) => given.ContainsKey(name);

    /// <summary>A field as it was sent; null where it was not, or as null.</summary>
    public JsonElement? Sent(string name) =>
        given.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Sets a field that the body does not have.</summary>
    public void Fill(string name, object? value)
    {
        if (!Has(name))
        {
            values[name] = PayloadSchema.NodeOf(value);
        }
    }

    public string? Text(string name) => Value(name)?.GetValue<string>();

    public long? Whole(string name) => Value(name)?.GetValue<long>();

    public double? Number(string name) => Value(name)?.GetValue<double>();

    public bool? Flag(string name) => Value(name)?.GetValue<bool>();

    public IReadOnlyList<string> Texts(string name) => [.. Array(name).Select(node => node!.GetValue<string>())];

    public JsonArray Array(string name) => Value(name) as JsonArray ?? [];

    /// <summary>Null means the default.</summary>
    private JsonNode? Value(string name) => values[name] ?? PayloadSchema.NodeOf(fields[name].Default);
}
