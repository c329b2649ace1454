using System.CommandLine;
using ControlNetSharp.Engine;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary>Where and in which type is computed.</summary>
internal sealed record ComputeSettings(string Device, string Dtype)
{
    private static readonly Option<string?> DeviceOption = new("--device") { Description = "cpu (default) or cuda:N." };
    private static readonly Option<string?> DtypeOption = new("--dtype")
    {
        Description = "auto (default), fp32, bf16, fp16 or int8, which rounds weights to 8 bits (CPU only).",
    };

    public static IEnumerable<Option> Options => [DeviceOption, DtypeOption];

    /// <summary>The command, which has these options behind its own now.</summary>
    public static Command AddedTo(Command command)
    {
        foreach (var option in Options)
        {
            command.Add(option);
        }

        return command;
    }

    /// <summary>What the option of the device is called.</summary>
    public static string DeviceName => DeviceOption.Name;

    /// <summary>What the option of the type is called.</summary>
    public static string DtypeName => DtypeOption.Name;

    /// <summary>Reads the options; nothing is loaded.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="recorded">Those of the picture that is made again; its dtype cannot be another.</param>
    /// <exception cref="UsageException">A name is unknown; the message says what is allowed.</exception>
    public static ComputeSettings Read(ParseResult arguments, Resolution? recorded = null)
    {
        if (recorded is not null && arguments.Has(DtypeOption))
        {
            throw new UsageException(
                DtypeOption.Name,
                $"{DtypeOption.Name} cannot be given together with --replay: the picture has its own, {recorded.Dtype}."
            );
        }

        var settings = new ComputeSettings(
            arguments.GetValue(DeviceOption) ?? recorded?.Device ?? PlacementPolicy.Cpu,
            arguments.GetValue(DtypeOption) ?? recorded?.Dtype ?? "auto"
        );
        Check(DeviceOption, () => PlacementPolicy.CheckDevice(settings.Device));
        Check(DtypeOption, () => PlacementPolicy.CheckDtype(settings.Device, settings.Dtype));
        return settings;
    }

    /// <summary>Whether the CPU computes.</summary>
    public bool OnCpu => Device == PlacementPolicy.Cpu;

    /// <summary>Refuses a GPU where the CPU is what is measured.</summary>
    /// <exception cref="UsageException">The device is not the CPU.</exception>
    public ComputeSettings RequireCpu() =>
        OnCpu
            ? this
            : throw UsageException.Of(DeviceOption.Name, Device, "training is measured on the CPU only; must be cpu.");

    /// <summary>Refuses 8 bits where gradients are needed.</summary>
    /// <exception cref="UsageException">The type is int8.</exception>
    public ComputeSettings RequireFloats() =>
        PlacementPolicy.HasGradients(Dtype)
            ? this
            : throw UsageException.Of(
                DtypeOption.Name,
                Dtype,
                "whole numbers have no gradients; must be auto, bf16 or fp32 for training."
            );

    /// <summary>Loads libtorch and chooses.</summary>
    /// <exception cref="RuntimeUnavailableException">
    /// libtorch or the device is not there, or this CPU's convolutions are wrong.
    /// </exception>
    public Placement Place() => PlacementPolicy.Load(Device, Dtype);

    /// <summary>The engine that computes so.</summary>
    /// <param name="models">The folder of <c>--models</c>, or null.</param>
    public EngineOptions ToEngine(string? models) =>
        new()
        {
            Device = Device,
            Dtype = Dtype,
            ModelFolders = models is null ? [] : [models],
        };

    private static void Check(Option<string?> option, Action check)
    {
        try
        {
            check();
        }
        catch (UnknownNameException e)
        {
            throw UsageException.Of(option.Name, e.Name, e.Problem, e);
        }
    }
}
