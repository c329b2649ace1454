using ControlNetSharp.Annotators;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>What image encoders say of the pictures of a request's units, until it is disposed.</summary>
internal sealed class UnitReferences : IDisposable
{
    private readonly Dictionary<int, ReferencePictures> _byUnit = [];

    /// <summary>Asks the encoders of the units that have one.</summary>
    public UnitReferences(
        GenerationRequest request,
        RequestFiles files,
        IReadOnlyList<UnitHints> hints,
        LeasedNetworks networks,
        PictureEncodings encodings,
        Placement placement,
        CancellationToken cancellationToken
    )
    {
        try
        {
            foreach (var (index, encoder) in files.Encoders.Index())
            {
                if (encoder is null || networks.ControlNetOf(files.ControlNets[index]!) is not IpAdapter adapter)
                {
                    continue;
                }

                var (unit, squares) = (request.Units[index], ImageEncoderInput.Apart(hints[index].Hint));
                _byUnit[index] = encodings.Of(
                    encoder,
                    adapter.Params.Projection,
                    squares,
                    placement,
                    cancellationToken
                ) with
                {
                    Combine = unit.Combine,
                    Transfer = unit.Transfer,
                };
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>That of a unit; null where its network asks no encoder.</summary>
    public ReferencePictures? this[int unit] => _byUnit.GetValueOrDefault(unit);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var pictures in _byUnit.Values)
        {
            pictures.Dispose();
        }
    }
}
