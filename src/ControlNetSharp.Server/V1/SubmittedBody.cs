using System.Text;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ControlNetSharp.Server.V1;

/// <summary>What was sent: JSON, alone or as a part of a form whose other parts are the files that it names.</summary>
internal sealed class SubmittedBody
{
    // How large a body may be is decided for all routes in one place, before it is read.
    private static readonly FormOptions Form = new()
    {
        ValueLengthLimit = int.MaxValue,
        MultipartBodyLengthLimit = long.MaxValue,
    };

    private readonly Dictionary<string, PictureSource> _files;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private SubmittedBody(byte[] json, Dictionary<string, PictureSource> files) => (Json, _files) = (json, files);

    /// <summary>The JSON in UTF-8.</summary>
    public byte[] Json { get; }

    /// <summary>Reads a body.</summary>
    /// <param name="request">The call.</param>
    /// <param name="part">The form's part that is the JSON.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="ApiException">It is of another type, or lacks that part.</exception>
    public static async Task<SubmittedBody> ReadAsync(
        HttpRequest request,
        string part,
        CancellationToken cancellationToken
    )
    {
        if (IsForm(request))
        {
            return Of(await FormOfAsync(request, cancellationToken).ConfigureAwait(false), part);
        }

        return request.HasJsonContentType()
            ? new(await BytesOfAsync(request.Body, cancellationToken).ConfigureAwait(false), [])
            : throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType,
                ApiError.CodeOf(StatusCodes.Status415UnsupportedMediaType),
                $"The body must be application/json, or multipart/form-data with a part \"{part}\"; "
                    + $"it is {request.ContentType ?? "of no stated type"}."
            );
    }

    /// <summary>Whether it has parts. A page of another site could send the other kind of form unasked.</summary>
    public static bool IsForm(HttpRequest request) =>
        request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The form of a call.</summary>
    /// <exception cref="ApiException">It is damaged.</exception>
    public static async Task<IFormCollection> FormOfAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.ReadFormAsync(Form, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            throw new ApiException(
                StatusCodes.Status400BadRequest,
                ApiError.CodeOf(StatusCodes.Status400BadRequest),
                $"The form cannot be read: {e.Message}"
            );
        }
    }

    /// <summary>All bytes of a stream.</summary>
    public static async Task<byte[]> BytesOfAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes.ToArray();
    }

    /// <summary>The file in whose place a picture's name stands; any other picture as it is.</summary>
    public PictureSource Filled(PictureSource picture)
    {
        if (picture.Path is not { } name || !_files.TryGetValue(name, out var file))
        {
            return picture;
        }

        _used.Add(name);
        return file;
    }

    /// <summary>Refuses files that nothing names: they were meant to be used.</summary>
    /// <exception cref="RequestException">There is one.</exception>
    public void RequireAllUsed()
    {
        var used = _used.Select(name => _files[name]).ToHashSet();
        if (_files.FirstOrDefault(file => !used.Contains(file.Value)) is { Key: { } name })
        {
            throw new RequestException(name, null, "no picture of the request has the name of this part or file.");
        }
    }

    private static SubmittedBody Of(IFormCollection form, string part)
    {
        var json =
            form.TryGetValue(part, out var value) ? Encoding.UTF8.GetBytes(value.ToString())
            : form.Files.GetFile(part) is { } file ? BytesOf(file)
            : throw new RequestException(part, null, "the form must have this part, with the JSON.");
        var files = new Dictionary<string, PictureSource>(StringComparer.Ordinal);
        foreach (var other in form.Files.Where(other => other.Name != part))
        {
            var picture = PictureSource.FromBytes(BytesOf(other));
            foreach (var name in (string[])[other.Name, other.FileName])
            {
                files.TryAdd(name, picture);
            }
        }

        return form.Keys.FirstOrDefault(key => key != part) is { } unknown
            ? throw new RequestException(unknown, null, $"beside \"{part}\" all parts must be files.")
            : new(json, files);
    }

    private static byte[] BytesOf(IFormFile file)
    {
        var bytes = new byte[file.Length];
        using var stream = file.OpenReadStream();
        stream.ReadExactly(bytes);
        return bytes;
    }
}
