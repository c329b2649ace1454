using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Engine;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Hosting;

/// <summary>
/// <see cref="EngineOptions"/> in the form that configuration is bound to: the section <c>ControlNet</c> of
/// appsettings.json, for example.
/// </summary>
public sealed class ControlNetOptions : IValidatableObject
{
    /// <inheritdoc cref="EngineOptions.Device"/>
    public string Device { get; set; } = PlacementPolicy.Cpu;

    /// <inheritdoc cref="EngineOptions.Dtype"/>
    public string Dtype { get; set; } = "auto";

    /// <inheritdoc cref="EngineOptions.Threads"/>
    [Range(1, 4096)]
    public int? Threads { get; set; }

    /// <inheritdoc cref="EngineOptions.ModelFolders"/>
    public IList<string> ModelFolders { get; init; } = [];

    /// <inheritdoc cref="EngineOptions.AllowPaths"/>
    public bool AllowPaths { get; set; } = true;

    /// <inheritdoc cref="EngineOptions.PreviewDecoders"/>
    public IList<string> PreviewDecoders { get; init; } = [];

    /// <inheritdoc cref="EngineOptions.IdleMemory"/>
    [Range(0, long.MaxValue)]
    public long? IdleMemory { get; set; }

    /// <summary>What is wrong with the values: all of it.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Problem(() => PlacementPolicy.CheckDevice(Device)) is { } device)
        {
            yield return new ValidationResult(device, [nameof(Device)]);
        }
        else if (Problem(() => PlacementPolicy.CheckDtype(Device, Dtype)) is { } dtype)
        {
            yield return new ValidationResult(dtype, [nameof(Dtype)]);
        }

        foreach (var folder in ModelFolders.Where(folder => !Directory.Exists(folder)))
        {
            yield return new ValidationResult(
                $"{nameof(ModelFolders)} {folder}: there is no such folder.",
                [nameof(ModelFolders)]
            );
        }
    }

    internal EngineOptions ToEngineOptions() =>
        new()
        {
            Device = Device,
            Dtype = Dtype,
            Threads = Threads,
            ModelFolders = [.. ModelFolders],
            AllowPaths = AllowPaths,
            IdleMemory = IdleMemory,
            PreviewDecoders = [.. PreviewDecoders],
        };

    private static string? Problem(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
