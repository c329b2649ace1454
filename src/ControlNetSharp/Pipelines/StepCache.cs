using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// What steps of a pass take over from an earlier one: the UNet's deep feature, and what networks that control added
/// beside it. Every n-th step computes all; one between them does, too, where prompts or the controls that act have
/// changed. Source: Ma et al. 2023, arXiv:2312.00858, section 3.3, uniform 1:N; reuse of control's residuals is this
/// project's. Belongs to one pass.
/// </summary>
/// <param name="interval">Steps from one that computes all to the next, at least 2.</param>
internal sealed class StepCache(int interval) : IDisposable
{
    private Kept? _kept;

    /// <summary>What a step can take over; null where it computes all.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="sides">What the networks are told at it.</param>
    /// <param name="acting">The controls that act at it.</param>
    public Kept? At(int step, CalledSides sides, IReadOnlyList<IControl> acting) =>
        step % interval != 0
        && _kept is { } kept
        && sides.All.SequenceEqual(kept.Sides, ReferenceEqualityComparer.Instance)
        && acting.SequenceEqual(kept.Acting, ReferenceEqualityComparer.Instance)
            ? kept
            : null;

    /// <summary>Keeps what a step has computed, in the place of what was kept before.</summary>
    /// <param name="sides">What the networks were told.</param>
    /// <param name="acting">The controls that acted.</param>
    /// <param name="deep">The deep feature. Borrowed.</param>
    /// <param name="additions">What the controls added. Borrowed.</param>
    public void Keep(CalledSides sides, IReadOnlyList<IControl> acting, Tensor deep, UNetAdditions additions)
    {
        Dispose();
        // The other residuals are in the deep feature already.
        var shallow = additions.Residuals.Take(1).Select(residual => residual.clone().DetachFromDisposeScope());
        _kept = new(sides.All, acting, deep.clone().DetachFromDisposeScope(), [.. shallow]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kept?.Deep.Dispose();
        foreach (var residual in _kept?.Residuals ?? [])
        {
            residual.Dispose();
        }

        _kept = null;
    }

    /// <summary>What is taken over.</summary>
    /// <param name="Sides">What the networks were told.</param>
    /// <param name="Acting">The controls that acted.</param>
    /// <param name="Deep">The deep feature, for all rows.</param>
    /// <param name="Residuals">What is added to the shallowest skip connection, at most one tensor.</param>
    internal sealed record Kept(
        IReadOnlyList<TextSide> Sides,
        IReadOnlyList<IControl> Acting,
        Tensor Deep,
        IReadOnlyList<Tensor> Residuals
    );
}
