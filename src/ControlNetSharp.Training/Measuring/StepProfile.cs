using System.Diagnostics;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Measuring;

/// <summary>
/// Where the time of a step goes: by kind of layer and by the size of what it gives. A layer's time is without that of
/// the layers in it, so all rows together are the step; what no layer has is a row of its own. Of several steps the
/// fastest is told, since whatever else the machine does only adds to the time.
/// </summary>
public sealed class StepProfile
{
    private const string BetweenLayers = "activations, sums, copies between the layers";

    private readonly Stack<Frame> _open = new();
    private readonly List<Action> _unhook = [];
    private readonly IReadOnlyList<Module> _modules;
    private readonly Action _synchronise;
    private Dictionary<(string Kind, string Size), (double Seconds, double Gflop, int Calls)> _rows = [];
    private Dictionary<(string Kind, string Size), (double Seconds, double Gflop, int Calls)> _fastest = [];

    /// <summary>Watches networks in <see cref="Run"/>; at other times they run as if it were not there.</summary>
    /// <param name="networks">Networks whose layers are watched; borrowed.</param>
    /// <param name="device">Where they compute: work that a graphics card has only been given is waited for.</param>
    public StepProfile(IEnumerable<Module> networks, Device device)
    {
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentNullException.ThrowIfNull(device);
        _synchronise = device.type == TorchSharp.DeviceType.CUDA ? () => cuda.synchronize(device) : () => { };
        // A module can be there under several names.
        _modules = [.. networks.SelectMany(network => network.modules()).Distinct()];
    }

    /// <summary>Of the fastest step, the slowest first; none before <see cref="Run"/>.</summary>
    public IReadOnlyList<ProfileRow> Rows =>
        [
            .. _fastest
                .Select(row => new ProfileRow(
                    row.Key.Kind,
                    row.Key.Size,
                    row.Value.Calls,
                    row.Value.Seconds,
                    row.Value.Gflop
                ))
                .OrderByDescending(row => row.Seconds),
        ];

    /// <summary>Runs a step and times what is in it.</summary>
    /// <param name="step">What calls the networks.</param>
    public void Run(Action step)
    {
        ArgumentNullException.ThrowIfNull(step);
        _rows = [];
        _open.Clear();
        foreach (var module in _modules)
        {
            Watch(module);
        }

        try
        {
            Enter();
            step();
            Leave((BetweenLayers, ""), 0);
        }
        finally
        {
            _unhook.ForEach(remove => remove());
            _unhook.Clear();
        }

        if (_fastest.Count == 0 || Seconds(_rows) < Seconds(_fastest))
        {
            _fastest = _rows;
        }

        static double Seconds(Dictionary<(string Kind, string Size), (double Seconds, double Gflop, int Calls)> rows) =>
            rows.Values.Sum(row => row.Seconds);
    }

    private void Watch(Module module)
    {
        switch (module)
        {
            case ConvolutionLayer or LinearLayer or GroupNormLayer or LayerNormLayer or FeedForward:
                var layer = (Module<Tensor, Tensor>)module;
                _unhook.Add(layer.register_forward_pre_hook((_, _) => Enter()).remove);
                _unhook.Add(layer.register_forward_hook((_, x, y) => Leave(layer, x, y)).remove);
                break;
            case CrossAttention attention:
                _unhook.Add(attention.register_forward_pre_hook((_, _, _) => Entered()).remove);
                _unhook.Add(attention.register_forward_hook((_, x, context, _) => Leave(x, context)).remove);
                break;
        }
    }

    private (Tensor, Tensor)? Entered()
    {
        Enter();
        return null;
    }

    // A hook that gives nothing leaves what goes through as it is.
    private Tensor Enter()
    {
        _synchronise();
        _open.Push(new Frame(Stopwatch.GetTimestamp()));
        return null!;
    }

    private Tensor Leave(Module<Tensor, Tensor> layer, Tensor x, Tensor y)
    {
        var kind = layer switch
        {
            ConvolutionLayer { WeightShape: var shape } => $"convolution {shape[^1]} × {shape[^1]}",
            LinearLayer => "linear layer",
            GroupNormLayer => "group norm",
            LayerNormLayer => "layer norm",
            _ => "GELU of feed-forward",
        };
        var gflop = layer switch
        {
            ConvolutionLayer { WeightShape: [_, var inputs, var side, _] } => 2.0
                * y.numel()
                * inputs
                * side
                * side
                / 1e9,
            LinearLayer => 2.0 * y.numel() * x.shape[^1] / 1e9,
            _ => 0,
        };
        return Leave((kind, SizeOf(y)), gflop);
    }

    private Tensor Leave(Tensor x, Tensor context) =>
        Leave(
            (context.shape[1] == x.shape[1] ? "self-attention" : "cross-attention", SizeOf(x)),
            4.0 * x.numel() * context.shape[1] / 1e9
        );

    private Tensor Leave((string Kind, string Size) row, double gflop)
    {
        _synchronise();
        var frame = _open.Pop();
        var seconds = Stopwatch.GetElapsedTime(frame.Start).TotalSeconds;
        if (_open.TryPeek(out var outer))
        {
            outer.Inner += seconds;
        }

        var (before, operations, calls) = _rows.GetValueOrDefault(row);
        _rows[row] = (before + seconds - frame.Inner, operations + gflop, calls + 1);
        return null!;
    }

    // Rows and columns of a map, or the number of tokens, then channels.
    private static string SizeOf(Tensor x) =>
        x.shape switch
        {
            [_, var channels, var height, var width] => $"{width} x {height}, {channels}",
            [_, var tokens, var channels] => $"{tokens} tokens, {channels}",
            [_, var channels] => $"1, {channels}",
            _ => "",
        };

    private sealed class Frame(long start)
    {
        public long Start => start;

        /// <summary>Seconds of the layers in it.</summary>
        public double Inner { get; set; }
    }
}
