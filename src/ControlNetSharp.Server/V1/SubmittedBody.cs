using System.Text;
using ControlNetSharp.Requests;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.V1;

/// <summary>What was sent: JSON, alone or as a part of a form whose other parts are the files that it names.</summary>
/// <param name="Json">The JSON in UTF-8.</param>
/// <param name="Files">The files beside it.</param>
internal sealed record SubmittedBody(byte[] Json, FormFiles Files)
{
    /// <summary>Reads a body.</summary>
    /// <param name="request">The call.</param>
    /// <param name="part">The form's part that is the JSON.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="ApiException">It is of another type.</exception>
    /// <exception cref="RequestException">It lacks that part.</exception>
    public static async Task<SubmittedBody> ReadAsync(
        HttpRequest request,
        string part,
        CancellationToken cancellationToken
    )
    {
        if (FormFiles.IsForm(request))
        {
            return Of(await FormFiles.FormOfAsync(request, cancellationToken).ConfigureAwait(false), part);
        }

        return request.HasJsonContentType()
            ? new(await BytesOfAsync(request.Body, cancellationToken).ConfigureAwait(false), new FormFiles([]))
            : throw WrongType(request, $"application/json, or multipart/form-data with a part \"{part}\"");
    }

    /// <summary>All bytes of a stream.</summary>
    public static async Task<byte[]> BytesOfAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes.ToArray();
    }

    /// <summary>A body is of a type that is not read here.</summary>
    public static ApiException WrongType(HttpRequest request, string allowed) =>
        new(
            StatusCodes.Status415UnsupportedMediaType,
            ApiError.CodeOf(StatusCodes.Status415UnsupportedMediaType),
            $"The body must be {allowed}; it is {request.ContentType ?? "of no stated type"}."
        );

    private static SubmittedBody Of(IFormCollection form, string part)
    {
        var json =
            form.TryGetValue(part, out var value) ? Encoding.UTF8.GetBytes(value.ToString())
            : form.Files.GetFile(part) is { } file ? FormFiles.BytesOf(file)
            : throw new RequestException(part, null, "the form must have this part, with the JSON.");
        return form.Keys.FirstOrDefault(key => key != part) is { } unknown
            ? throw new RequestException(unknown, null, $"beside \"{part}\" all parts must be files.")
            : new(json, new FormFiles(form.Files.Where(other => other.Name != part)));
    }
}
