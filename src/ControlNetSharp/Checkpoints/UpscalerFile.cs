using System.Globalization;
using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// What the header of a file says of a network that enlarges pictures: ESRGAN and Real-ESRGAN under all their names,
/// and the compact ones. Nothing of it is loaded.
/// </summary>
internal sealed class UpscalerFile
{
    /// <summary>What such a file is, as <see cref="CheckpointKind"/> says it.</summary>
    public const string Kind = "upscaler";

    private const string Prefix = LdmLayout.Upscaler;
    private const int MostScale = 8;
    private readonly CheckpointFiles _files;
    private readonly RrdbParams? _dense;
    private readonly CompactUpscalerParams? _compact;

    private UpscalerFile(CheckpointFiles files)
    {
        _files = files;
        var shapes = files.ShapesBelow(Prefix);
        if (shapes.ContainsKey("conv_first.weight"))
        {
            _dense = NetworkShapes.Inferred(files.Name, () => Dense(shapes));
        }
        else
        {
            _compact = NetworkShapes.Inferred(files.Name, () => Compact(shapes));
        }
    }

    /// <summary>Sides of the result in those of the picture.</summary>
    public int Scale => _dense?.Scale ?? _compact!.Scale;

    /// <summary>What there is to say of it, for people.</summary>
    public IReadOnlyList<(string Name, string Value)> Facts =>
        [
            ("form", _dense is null ? "compact (SRVGG)" : "ESRGAN (RRDB)"),
            ("scale", Text(Scale)),
            (
                "blocks",
                _dense is { } dense
                    ? $"{dense.Blocks} of {dense.Features} features"
                    : $"{_compact!.Convolutions} convolutions of {_compact.Features} features"
            ),
        ];

    /// <summary>Reads the scale off a header.</summary>
    /// <exception cref="CheckpointException">The file is damaged, or no upscaler that can be run.</exception>
    public static int ScaleOf(string path)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        return Open(files).Scale;
    }

    /// <summary>Reads a header and compares all names, shapes and types.</summary>
    /// <param name="files">The file, opened under LDM's names. Borrowed.</param>
    /// <exception cref="CheckpointException">It is no upscaler, or none that can be run.</exception>
    public static UpscalerFile Open(CheckpointFiles files)
    {
        if (files.SourceKind != Kind)
        {
            throw new CheckpointException(
                files.Name,
                $"this is {files.OtherKind ?? files.SourceKind ?? "of no known kind"}; an upscaler (ESRGAN, "
                    + $"Real-ESRGAN, compact) is needed. The first of its {files.Shapes.Count} keys is "
                    + $"'{files.Shapes.Keys.FirstOrDefault()}'."
            );
        }

        var file = new UpscalerFile(files);
        NetworkKeys.Compare(files, "an upscaler", (Prefix, () => file.Create(Placement.Meta)));
        return file;
    }

    /// <summary>Loads an upscaler.</summary>
    /// <exception cref="CheckpointException">The file is damaged, or no upscaler that can be run.</exception>
    public static UpscalerNetwork Load(string path, Placement placement)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        var network = Open(files).Create(placement);
        try
        {
            foreach (var (name, parameter) in network.named_parameters())
            {
                files.ReadInto(Prefix + name, parameter);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private UpscalerNetwork Create(Placement placement) =>
        _dense is not null ? new RrdbNetwork(_dense, placement) : new CompactUpscaler(_compact!, placement);

    private static RrdbParams Dense(Dictionary<string, IReadOnlyList<long>> shapes)
    {
        var inputs = Size(shapes, "conv_first.weight", 1);
        var p = new RrdbParams
        {
            Features = Size(shapes, "conv_first.weight", 0),
            Growth = Size(shapes, "body.0.rdb1.conv1.weight", 0),
            Blocks = Count(shapes, 0, block => $"body.{Text(block)}.rdb1.conv1.weight"),
            Doublings = Count(shapes, 1, number => $"conv_up{Text(number)}.weight"),
            Unshuffle = inputs switch
            {
                3 => 1,
                3 * 2 * 2 => 2,
                3 * 4 * 4 => 4,
                _ => throw new ArgumentException(
                    $"its first convolution takes {Text(inputs)} channels; 3, 12 and 48 (RGB) can be run"
                ),
            },
        };
        return Size(shapes, "conv_last.weight", 0) == 3 && p.Scale is >= 1 and <= MostScale
            ? p
            : throw new ArgumentException("its result must be RGB, 1 to 8 times as large as the picture");
    }

    private static CompactUpscalerParams Compact(Dictionary<string, IReadOnlyList<long>> shapes)
    {
        // Convolutions and slopes take turns.
        var layers = Count(shapes, 0, layer => $"body.{Text(layer)}.weight");
        var outputs = Size(shapes, $"body.{Text(layers - 1)}.weight", 0);
        var scale = (int)Math.Round(Math.Sqrt(outputs / 3.0));
        return layers >= 3 && 3 * scale * scale == outputs && scale is >= 1 and <= MostScale
            ? new CompactUpscalerParams(Size(shapes, "body.0.weight", 0), (layers - 3) / 2, scale)
            : throw new ArgumentException(
                $"its last convolution gives {Text(outputs)} channels; 3 times the square of a scale from 1 to 8 is "
                    + "needed"
            );
    }

    private static int Size(Dictionary<string, IReadOnlyList<long>> shapes, string name, int dimension) =>
        shapes.GetValueOrDefault(name) is [_, _, _, _] shape
            ? (int)shape[dimension]
            : throw new KeyNotFoundException($"'{name}' is missing or no convolution.");

    private static int Count(Dictionary<string, IReadOnlyList<long>> shapes, int first, Func<int, string> name) =>
        Enumerable.Range(first, int.MaxValue - first).TakeWhile(number => shapes.ContainsKey(name(number))).Count();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
