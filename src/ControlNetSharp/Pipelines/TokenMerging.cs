using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Lets the self-attention of the finest level see fewer tokens: of those that are alike one stands for several. Which
/// tokens of the map may stand for others is drawn at each step, for each picture by its own seed, so that a picture
/// does not depend on its batch. Source: Bolya and Hoffman 2023, arXiv:2303.17604.
/// </summary>
/// <param name="ratio">Share of the tokens that go, above 0, to 0.75.</param>
/// <param name="seeds">The seeds of the pictures.</param>
/// <param name="model">The UNet's shape.</param>
internal sealed class TokenMerging(double ratio, IReadOnlyList<long> seeds, UNetParams model) : IControl
{
    private readonly HashSet<int> _stages = FinestStages(model);

    private double Ratio => ratio;

    /// <inheritdoc/>
    public bool ActsAt(int step, int steps) => true;

    /// <inheritdoc/>
    public UNetAdditions Additions(UNetCall call) => new() { Blocks = [new Step(this, call.Step)] };

    /// <summary>The stages with attention over the largest map.</summary>
    internal static HashSet<int> FinestStages(UNetParams model)
    {
        var stages = UNetStages.All(model).Index().Where(stage => stage.Item.Transformers > 0).ToList();
        var finest = stages.Min(stage => stage.Item.Level);
        return [.. stages.Where(stage => stage.Item.Level == finest).Select(stage => stage.Index)];
    }

    private TokenCells Cells(int step, long height, long width)
    {
        const long tokensOfCell = 4;
        IReadOnlyList<long> Chosen(long seed)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator((ulong)Seeds.For("token merging", seed, step), CPU);
            long[] size = [TokenCells.CountIn(height, width)];
            return [.. randint(0, tokensOfCell, size, ScalarType.Int64, CPU, generator: generator).data<long>()];
        }

        return new(height, width, [.. seeds.Select(Chosen)]);
    }

    /// <summary>What is done in one call of the UNet, whose layers run one after another.</summary>
    private sealed class Step(TokenMerging merging, int number) : IBlockControl
    {
        private TokenCells? _cells;
        private TokenMatch? _match;

        /// <inheritdoc/>
        public AttentionInputs Into(AttentionPlace place, AttentionInputs inputs)
        {
            // A map of one row has no cells.
            if (!place.IsSelf || !merging._stages.Contains(place.Stage) || Math.Min(inputs.Height, inputs.Width) < 2)
            {
                return inputs;
            }

            _cells ??= merging.Cells(number, inputs.Height, inputs.Width);
            _match = new TokenMatch(inputs.Query, _cells, merging.Ratio);
            var query = _match.Merge(inputs.Query);
            Tensor Merged(Tensor x) => ReferenceEquals(x, inputs.Query) ? query : _match.Merge(x);
            return inputs with { Query = query, Key = Merged(inputs.Key), Value = Merged(inputs.Value) };
        }

        /// <inheritdoc/>
        public Tensor Attended(AttentionPlace place, AttentionTensors projected, Func<AttentionTensors, Tensor> attend)
        {
            if (_match is not { } match)
            {
                return attend(projected);
            }

            _match = null;
            using var merged = attend(projected);
            return match.Unmerge(merged);
        }
    }
}
