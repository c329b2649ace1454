using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// LoRAs that are merged into the weights of a model, in place; disposing takes them out again and leaves every bit as
/// it was.
/// </summary>
/// <remarks>
/// What is needed to take them out is a copy of each weight that was touched, in its own type, in main memory: nothing
/// smaller
/// brings back every bit, since a sum and its difference are rounded. For the usual LoRA of 16-bit models these are 0.7
/// GB (SD 1.x)
/// or 5 GB (SDXL) for the time of a generation, and making and taking back the copies takes as long as copying so much
/// memory twice.
/// The file of the model would need no memory, but it may be replaced or deleted meanwhile. A path beside each layer
/// would need none
/// either, but a step would take longer (by 40 % at rank 64 beside a layer 320 wide).
/// The sums are taken in float32, those of several LoRAs at once, and rounded once.
/// </remarks>
internal sealed class AppliedLoras : IDisposable
{
    private readonly List<(Tensor Weight, Tensor Original)> _touched = [];

    private readonly bool _keepsOriginals;

    private AppliedLoras(bool keepsOriginals) => _keepsOriginals = keepsOriginals;

    /// <summary>Merges LoRAs into a model; several add, one file twice counts twice.</summary>
    /// <param name="model">
    /// The model. Borrowed; nothing else may use or change its weights before this is disposed.
    /// </param>
    /// <param name="loras">The files with their weights.</param>
    /// <returns>What is to be disposed when the LoRAs are not wanted any more, and before the model.</returns>
    /// <exception cref="CheckpointException">
    /// A file is damaged, is no LoRA or of a kind that cannot be applied, or does not fit the model; the model is as it
    /// was.
    /// </exception>
    public static AppliedLoras Apply(DiffusionModel model, IReadOnlyList<LoraRequest> loras) =>
        Applied(model, loras, keepsOriginals: true);

    /// <summary>Merges LoRAs into a model for good.</summary>
    /// <param name="model">The model, which nobody has used yet. Borrowed.</param>
    /// <param name="loras">The files with their weights.</param>
    /// <exception cref="CheckpointException">As for <see cref="Apply"/>; the model is of no use then.</exception>
    public static void Merge(DiffusionModel model, IReadOnlyList<LoraRequest> loras) =>
        Applied(model, loras, keepsOriginals: false).Dispose();

    private static AppliedLoras Applied(DiffusionModel model, IReadOnlyList<LoraRequest> loras, bool keepsOriginals)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loras);
        var files = new List<LoraFile>();
        var applied = new AppliedLoras(keepsOriginals);
        try
        {
            var targets = LoraTarget.Of(model.UNet, [.. model.PlacedTexts]);
            var additions = new List<(LoraTarget Target, LoraChange Module, double Weight)>();
            foreach (var lora in loras)
            {
                var file = LoraFile.Open(lora.File);
                files.Add(file);
                file.RequireFitting(targets, model.File, model.Family);
                foreach (var module in file.Modules)
                {
                    var target = targets[module.Name];
                    additions.Add((target, module, target.IsText ? lora.TextWeight : lora.UNetWeight));
                }
            }

            var wanted = additions.Where(addition => addition.Weight != 0);
            foreach (var group in wanted.GroupBy(addition => addition.Target.Key, StringComparer.Ordinal))
            {
                applied.Add([.. group]);
            }

            return applied;
        }
        catch
        {
            applied.Dispose();
            throw;
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    /// <summary>Takes the LoRAs out.</summary>
    public void Dispose()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (weight, original) in _touched)
        {
            weight.copy_(original);
            original.Dispose();
        }

        _touched.Clear();
    }

    /// <summary>Adds to one weight.</summary>
    private void Add(List<(LoraTarget Target, LoraChange Module, double Weight)> additions)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weight = additions[0].Target.Weight;
        // What a DoRA adds goes by the model's own weight, whatever other files add.
        var own = weight.to(ScalarType.Float32);
        var sum = own.clone();
        foreach (var (target, module, factor) in additions)
        {
            using var inner = NewDisposeScope();
            target.RowsOf(sum).PlusInPlace(module.Change(target.RowsOf(own)).Times(factor));
        }

        if (_keepsOriginals)
        {
            _touched.Add((weight, weight.detach().to(CPU, copy: true).DetachFromDisposeScope()));
        }

        weight.copy_(sum);
    }
}
