namespace ControlNetSharp.Models;

/// <summary>
/// Where networks come from that lie in no folder: a bucket, an archive, a company's registry. A
/// <see cref="ModelFinder"/> asks when its folders do not have what is named. Asked by several callers at once.
/// </summary>
public interface IModelSource
{
    /// <summary>Brings a network onto this machine, or finds the copy that was brought before.</summary>
    /// <param name="role">What it is asked for as.</param>
    /// <param name="name">The name in the request, as it was written. Strangers may have written it.</param>
    /// <param name="cancellationToken">Ends the bringing.</param>
    /// <returns>
    /// A file, or for models, ControlNets and Autoencoders a folder that is one network; null where it is not here.
    /// What lies beside it in that folder can then be found by name, too.
    /// </returns>
    /// <exception cref="ModelNotFoundException">It is known but cannot be had now.</exception>
    string? Find(ModelRole role, string name, CancellationToken cancellationToken);
}
