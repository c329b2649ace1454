using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>Reads the JSON of a call, whatever its content type says.</summary>
internal static class PayloadBody
{
    /// <summary>The body; null where there is none.</summary>
    /// <exception cref="WebUiException">It is no JSON.</exception>
    public static async Task<JsonElement?> ReadAsync(HttpContext context)
    {
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        if (bytes.Length == 0)
        {
            return null;
        }

        try
        {
            var root = JsonDocument.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length)).RootElement;
            RequireUnicode(root, bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            return root;
        }
        catch (JsonException e)
        {
            throw WebUiException.Validation([
                new FieldError(["body", (int)(e.BytePositionInLine ?? 0)], e.Message, "value_error.jsondecode"),
            ]);
        }
    }

    /// <summary>The fields of a body that must be an object.</summary>
    /// <exception cref="WebUiException">It is none, or a field cannot be read.</exception>
    public static async Task<Payload> ReadAsync(HttpContext context, PayloadSchema schema)
    {
        if (await ReadAsync(context).ConfigureAwait(false) is not { } body)
        {
            throw WebUiException.Validation([new FieldError(["body"], "field required", "value_error.missing")]);
        }

        return Read(body, schema);
    }

    /// <inheritdoc cref="ReadAsync(HttpContext, PayloadSchema)"/>
    public static Payload Read(JsonElement body, PayloadSchema schema)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw WebUiException.Validation([new FieldError(["body"], "value is not a valid dict", "type_error.dict")]);
        }

        var errors = new List<FieldError>();
        var payload = schema.Read(body, errors, "body");
        return errors.Count == 0 ? payload : throw WebUiException.Validation(errors);
    }

    /// <summary>
    /// Half of a surrogate pair, written as an escape, is no text, and is found only when it is read.
    /// </summary>
    private static void RequireUnicode(JsonElement root, ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
        {
            return;
        }

        try
        {
            ReadTexts(root);
        }
        catch (InvalidOperationException e)
        {
            throw WebUiException.Validation([new FieldError(["body"], e.Message, "value_error.jsondecode")]);
        }
    }

    private static void ReadTexts(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.String:
                value.GetString();
                break;
        }
    }
}
