using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ControlNetSharp.Server.V1;

/// <summary>The files of a form, which pictures of a request can name by part or by file name.</summary>
internal sealed class FormFiles
{
    // How large a body may be is decided for all routes in one place, before it is read.
    private static readonly FormOptions Options = new()
    {
        ValueLengthLimit = int.MaxValue,
        MultipartBodyLengthLimit = long.MaxValue,
    };

    private readonly Dictionary<string, PictureSource> _files = new(StringComparer.Ordinal);
    private readonly HashSet<PictureSource> _unused = [];

    /// <summary>Takes the files of a form.</summary>
    /// <param name="files">The files; none for a body that is no form.</param>
    public FormFiles(IEnumerable<IFormFile> files)
    {
        foreach (var file in files)
        {
            var picture = PictureSource.FromBytes(BytesOf(file));
            _unused.Add(picture);
            foreach (var name in (string[])[file.Name, file.FileName])
            {
                _files.TryAdd(name, picture);
            }
        }
    }

    /// <summary>Whether a call has parts. A page of another site could send the other kind of form unasked.</summary>
    public static bool IsForm(HttpRequest request) =>
        request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The form of a call.</summary>
    /// <exception cref="ApiException">It is damaged.</exception>
    public static async Task<IFormCollection> FormOfAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.ReadFormAsync(Options, cancellationToken).ConfigureAwait(false);
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

    /// <summary>The bytes of a file.</summary>
    public static byte[] BytesOf(IFormFile file)
    {
        var bytes = new byte[file.Length];
        using var stream = file.OpenReadStream();
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The file in whose place a picture's name stands; any other picture as it is.</summary>
    public PictureSource Filled(PictureSource picture)
    {
        if (picture.Path is not { } name || !_files.TryGetValue(name, out var file))
        {
            return picture;
        }

        _unused.Remove(file);
        return file.WithFrame(picture.Frame);
    }

    /// <summary>Refuses files that nothing names: they were meant to be used.</summary>
    /// <exception cref="RequestException">There is one.</exception>
    public void RequireAllUsed()
    {
        if (_files.FirstOrDefault(file => _unused.Contains(file.Value)) is { Key: { } name })
        {
            throw new RequestException(name, null, "no picture of the request has the name of this part or file.");
        }
    }
}
