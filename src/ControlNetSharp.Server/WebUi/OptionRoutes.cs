using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>The options, read and written.</summary>
internal sealed class OptionRoutes(OptionStore options)
{
    public void Map(WebUiRouter router)
    {
        router.Get("/sdapi/v1/options", options.All);
        router.Post("/sdapi/v1/options", SetAsync);
    }

    private async Task<JsonNode?> SetAsync(HttpContext context)
    {
        var body = await PayloadBody.ReadAsync(context).ConfigureAwait(false);
        if (body is not { ValueKind: JsonValueKind.Object } values)
        {
            throw WebUiException.Validation([new FieldError(["body"], "value is not a valid dict", "type_error.dict")]);
        }

        options.Set(values);
        return null;
    }
}
