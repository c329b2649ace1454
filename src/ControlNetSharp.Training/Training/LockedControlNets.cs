using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Training;

/// <summary>The ControlNets of several conditions, loaded to be used and not trained.</summary>
internal sealed class LockedControlNets : IDisposable
{
    private readonly Dictionary<string, ControlNet> _byFile = new(StringComparer.Ordinal);

    /// <summary>Loads each file once.</summary>
    /// <param name="files">The file of each condition.</param>
    /// <param name="placement">Where they live.</param>
    /// <param name="model">The model that they control. Borrowed.</param>
    /// <exception cref="CheckpointException">A file is no ControlNet for the model.</exception>
    public LockedControlNets(IReadOnlyDictionary<string, string> files, Placement placement, DiffusionModel model)
    {
        try
        {
            foreach (var file in files.Values.Distinct(StringComparer.Ordinal))
            {
                _byFile.Add(file, CheckpointLoader.LoadControlNet(file, placement, model));
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        ByCondition = files.ToDictionary(file => file.Key, file => _byFile[file.Value], StringComparer.Ordinal);
    }

    /// <summary>The ControlNet of each condition.</summary>
    public IReadOnlyDictionary<string, ControlNet> ByCondition { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var controlNet in _byFile.Values)
        {
            controlNet.Dispose();
        }
    }
}
