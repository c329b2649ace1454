namespace ControlNetSharp.Requests;

/// <summary>A network as an infotext names it.</summary>
/// <param name="Name">Its file's name, mostly without extension; null where only the hash is said.</param>
/// <param name="Hash">
/// First digits of a SHA-256 (models: of the file, LoRAs: of the tensors, too), or eight of A1111's old kind; null
/// where it is not said.
/// </param>
internal sealed record HashedName(string? Name, string? Hash)
{
    /// <summary>
    /// As <see cref="GenerationRequest.Model"/> takes it: the name, the hash, or the name with the hash in brackets.
    /// </summary>
    public override string ToString() =>
        Hash is null ? Name ?? ""
        : Name is null ? Hash
        : $"{Name} [{Hash}]";
}
