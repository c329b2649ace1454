using System.Security.Cryptography;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace ControlNetSharp.Server.V1;

/// <summary>
/// The description of <c>/v1</c>: a document for programs, and a page for people that needs no other host.
/// </summary>
internal static class Reference
{
    private static OpenApiSchema File => new() { Type = JsonSchemaType.String, Format = "binary" };

    public static IServiceCollection AddReference(this IServiceCollection services) =>
        services.AddOpenApi(
            "v1",
            options =>
            {
                options.ShouldInclude = route =>
                    $"/{route.RelativePath}".StartsWith(V1Parts.Root + "/", StringComparison.Ordinal);
                options.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        document.Info.Title = "ControlNetSharp";
                        // The page calls the server that it came from.
                        document.Servers?.Clear();
                        return Task.CompletedTask;
                    }
                );
                options.AddSchemaTransformer(DescribeAsync);
            }
        );

    public static void MapReference(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json");
        routes.MapScalarApiReference(
            "/docs",
            (options, context) =>
                options
                    .WithTitle("ControlNetSharp")
                    .WithNonce(NonceOf(context))
                    .WithOpenApiRoutePattern("/openapi/{documentName}.json")
                    .DisableDefaultFonts()
                    .DisableTelemetry()
                    .DisableAgent()
                    .DisableMcp()
        );
    }

    /// <summary>The page begins with a script in itself and styles itself; all else must come from here.</summary>
    private static string NonceOf(HttpContext context)
    {
        const int bytes = 16;
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes));
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            + "img-src 'self' blob: data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
            + "form-action 'self'; frame-ancestors 'none'";
        return nonce;
    }

    /// <summary>Names the body of a route that reads it itself.</summary>
    public static RouteHandlerBuilder WithBody(this RouteHandlerBuilder route, Type type, params string[] mediaTypes) =>
        route.WithBody(type, schema => mediaTypes.Select(mediaType => (mediaType, schema)));

    /// <summary>
    /// Names parameters that a route reads itself: of the query, or a header where it is written as one.
    /// </summary>
    public static RouteHandlerBuilder WithParameters(
        this RouteHandlerBuilder route,
        params (string Name, JsonSchemaType Type, string Description)[] parameters
    ) =>
        route.AddOpenApiOperationTransformer(
            (operation, _, _) =>
            {
                operation.Parameters ??= [];
                foreach (var (name, type, description) in parameters)
                {
                    operation.Parameters.Add(
                        new OpenApiParameter
                        {
                            Name = name,
                            In = char.IsUpper(name[0]) ? ParameterLocation.Header : ParameterLocation.Query,
                            Description = description,
                            Schema = new OpenApiSchema { Type = type },
                        }
                    );
                }

                return Task.CompletedTask;
            }
        );

    /// <summary>Names a body of JSON that can also be a part of a form, beside files.</summary>
    public static RouteHandlerBuilder WithJsonOrForm(this RouteHandlerBuilder route, Type type, string part) =>
        route.WithBody(
            type,
            schema =>
                [
                    ("application/json", schema),
                    (
                        "multipart/form-data",
                        new OpenApiSchema
                        {
                            Type = JsonSchemaType.Object,
                            Required = new HashSet<string>(StringComparer.Ordinal) { part },
                            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                            {
                                [part] = schema,
                            },
                            AdditionalProperties = File,
                        }
                    ),
                ]
        );

    /// <summary>Names a body that is a form of fields, beside files.</summary>
    public static RouteHandlerBuilder WithFields(this RouteHandlerBuilder route, Type type, params string[] files) =>
        route.WithBody(
            type,
            schema =>
                [
                    (
                        "multipart/form-data",
                        new OpenApiSchema
                        {
                            AllOf =
                            [
                                schema,
                                new OpenApiSchema
                                {
                                    Type = JsonSchemaType.Object,
                                    Properties = files.ToDictionary(
                                        file => file,
                                        IOpenApiSchema (_) => File,
                                        StringComparer.Ordinal
                                    ),
                                },
                            ],
                        }
                    ),
                ]
        );

    private static RouteHandlerBuilder WithBody(
        this RouteHandlerBuilder route,
        Type type,
        Func<IOpenApiSchema, IEnumerable<(string MediaType, IOpenApiSchema Schema)>> contents
    ) =>
        route.AddOpenApiOperationTransformer(
            async (operation, context, cancellationToken) =>
            {
                OpenApiSchema? schema = await context
                    .GetOrCreateSchemaAsync(type, cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                if (type != typeof(Stream))
                {
                    context.Document!.AddComponent(type.Name, schema);
                    schema = null;
                }

                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = contents(
                            schema ?? (IOpenApiSchema)new OpenApiSchemaReference(type.Name, context.Document)
                        )
                        .ToDictionary(
                            content => content.MediaType,
                            content => new OpenApiMediaType { Schema = content.Schema },
                            StringComparer.Ordinal
                        ),
                };
            }
        );

    /// <summary>
    /// Choices are words, numbers are never texts, and pictures and weights have converters that say nothing of their
    /// form.
    /// </summary>
    private static Task DescribeAsync(
        OpenApiSchema schema,
        OpenApiSchemaTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        const JsonSchemaType numbers = JsonSchemaType.Integer | JsonSchemaType.Number;
        if ((schema.Type & numbers) is JsonSchemaType.Integer or JsonSchemaType.Number)
        {
            schema.Type &= ~JsonSchemaType.String;
            schema.Pattern = null;
        }

        if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. RequestRanges.WordsOf(type).Select(word => (System.Text.Json.Nodes.JsonNode)word)];
        }
        else if (type == typeof(ControlWeight))
        {
            schema.Type = JsonSchemaType.Number | JsonSchemaType.String;
            schema.Description = $"A number; or, for a curve over the steps, {ControlWeight.Form}.";
        }
        else if (type == typeof(PictureSource))
        {
            schema.Description =
                "A data URL, {\"data\": BASE64}, or {\"sha256\": …} of an upload, with \"frame\" (from 0) for one of "
                + "an animation; in a form also the name of a file.";
        }

        return Task.CompletedTask;
    }
}
