using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>A request in a file, or from standard input.</summary>
internal static class RequestFile
{
    private const string StandardInput = "-";

    /// <summary>Reads one; relative paths count from the file.</summary>
    /// <exception cref="UsageException">There is no such file, or it holds no request.</exception>
    public static GenerationRequest Read(string file)
    {
        try
        {
            return file == StandardInput
                ? RequestJson.Read(ReadInput())
                : RequestJson.Read(File.ReadAllBytes(file), Path.GetDirectoryName(Path.GetFullPath(file)));
        }
        catch (RequestException e)
        {
            throw UsageException.Of(GenerateOptions.Request.Name, file, e.Message, e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UsageException.Of(GenerateOptions.Request.Name, file, "there is no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UsageException.Of(GenerateOptions.Request.Name, file, $"it cannot be read: {e.Message}", e);
        }
    }

    private static byte[] ReadInput()
    {
        using var bytes = new MemoryStream();
        using var input = Console.OpenStandardInput();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }
}
