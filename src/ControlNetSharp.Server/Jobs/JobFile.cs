namespace ControlNetSharp.Server.Jobs;

/// <summary>A file that a job made.</summary>
/// <param name="Name">Unique in the job, such as <c>picture-0.png</c>.</param>
/// <param name="Role">One of <see cref="JobFileRole"/>.</param>
/// <param name="MediaType">Such as <c>image/png</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Digest of its bytes, 64 lower-case digits.</param>
public sealed record JobFile(string Name, string Role, string MediaType, long Size, string Sha256);

/// <summary>What a file of a job is.</summary>
public static class JobFileRole
{
    /// <summary>A result.</summary>
    public const string Picture = "picture";

    /// <summary>The hint of a unit, in the units' order.</summary>
    public const string Hint = "hint";

    /// <summary>Anything else: key points, weights, a report.</summary>
    public const string Document = "document";
}

/// <summary>A file that a job made, with its bytes.</summary>
/// <param name="Name">Unique in the job.</param>
/// <param name="Role">One of <see cref="JobFileRole"/>.</param>
/// <param name="MediaType">Such as <c>image/png</c>.</param>
/// <param name="Bytes">The whole file.</param>
public sealed record NewJobFile(string Name, string Role, string MediaType, byte[] Bytes);
