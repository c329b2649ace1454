using ControlNetSharp.Checkpoints;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>The text of an example as the networks take it, or the texts of a batch.</summary>
/// <param name="Context">[77, D], or [B, 77, D]: what is attended to.</param>
/// <param name="Pooled">
/// [P], or [B, P]: the whole text in a vector, by the last encoder (SDXL); null where the family takes none.
/// </param>
public sealed record ExampleText(Tensor Context, Tensor? Pooled)
{
    /// <summary>Encodes a caption with all text encoders of a model.</summary>
    /// <returns>The text of one example, in the model's dtype, on the CPU.</returns>
    public static ExampleText Of(DiffusionModel model, string caption)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var encoded = PromptEncoder.Plain(model.ModelTexts, caption, model.Placement.Device);
        return new(
            encoded.Context.squeeze(0).cpu().MoveToOuterDisposeScope(),
            encoded.Pooled?.squeeze(0).cpu().MoveToOuterDisposeScope()
        );
    }

    /// <summary>Texts of single examples as those of a batch; fresh.</summary>
    public static ExampleText Batch(IReadOnlyList<ExampleText> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return new(
            stack([.. texts.Select(text => text.Context)]),
            texts.All(text => text.Pooled is null) ? null : stack([.. texts.Select(text => text.Pooled!)])
        );
    }

    /// <summary>The texts of a batch, some of them replaced by that of one example; fresh.</summary>
    /// <param name="replaced">[B], which ones.</param>
    /// <param name="other">The one that takes their place.</param>
    public ExampleText Replaced(Tensor replaced, ExampleText other)
    {
        ArgumentNullException.ThrowIfNull(replaced);
        ArgumentNullException.ThrowIfNull(other);
        return new(
            where(replaced.view(-1, 1, 1), other.Context, Context),
            Pooled is null ? null : where(replaced.view(-1, 1), other.Pooled!, Pooled)
        );
    }

    /// <summary>The same on a device; fresh where it is another.</summary>
    public ExampleText To(Device device) => new(Context.to(device), Pooled?.to(device));

    /// <summary>The same, to be let go by whoever holds it and by no dispose scope.</summary>
    public ExampleText Kept() => new(Context.DetachFromDisposeScope(), Pooled?.DetachFromDisposeScope());

    /// <summary>The same in the dispose scope around the present one.</summary>
    public ExampleText MovedToOuterScope() => new(Context.MoveToOuterDisposeScope(), Pooled?.MoveToOuterDisposeScope());
}
