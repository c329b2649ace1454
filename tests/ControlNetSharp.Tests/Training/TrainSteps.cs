using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>What the tests of golden training steps share.</summary>
internal static class TrainSteps
{
    /// <summary>The golden files whose networks are described under a key of the JSON beside them.</summary>
    public static TheoryData<string> Files(string configKey)
    {
        var files = Goldens.Files("train_step*.safetensors").Select(row => row.Data)
            .Where(file => Goldens.Names(Path.ChangeExtension(file, ".json"), configKey).Any()).ToList();
        return files.Count > 0 ? [.. files] : [""];
    }

    public static void AssertNorms(Tensor expected, string[] names, Func<string, Tensor> value, double tolerance, string what)
    {
        var norms = expected.data<double>().ToArray();
        Assert.Equal(names.Length, norms.Length);
        // A norm that is all rounding (below a millionth of the largest) has no digits to compare.
        var floor = norms.Max() * 1e-6;
        for (var i = 0; i < names.Length; i++)
        {
            var actual = value(names[i]).to(ScalarType.Float64).norm().item<double>();
            Assert.True(Math.Abs(actual - norms[i]) <= tolerance * Math.Max(norms[i], floor), $"{what} {names[i]}: expected {norms[i]:g9}, got {actual:g9}");
        }
    }

    public static double[] Numbers(Tensor tensor) =>
        tensor.detach().to(ScalarType.Float64).flatten().data<double>().ToArray();

    public static void AssertRelative(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected) + 1e-12, $"{what}: expected {expected:g9}, got {actual:g9}");

    /// <summary>
    /// How far each number of a parameter may be from the reference's, given how far its gradients were. One tolerance
    /// for all would have to be a tenth of the learning rate, because Adam divides a gradient by its own size: where a
    /// gradient is as small as its rounding, much of the step hangs on its last digits.
    /// </summary>
    /// <remarks>
    /// A step is lr · u with u = m / (r + ε), where m is a weighted mean of the gradients so far and r the root of one
    /// of their squares. If no gradient so far differs by more than d, then m and r do not either, and
    /// u' - u = (m' - m) / (r + ε) + u' · (r - r') / (r + ε) is at most d · (1 + |u'|) / (r + ε). In three steps |u'|
    /// is at most 1.01 (Cauchy and Schwarz: the root of the sum of the squared weights of m over those of r²).
    /// </remarks>
    public sealed class ExplainedDifference(double learningRate)
    {
        private static readonly AdamWOptions Options = new();
        private double[] _gradient = [];
        private double[] _squares = [];
        private double[] _moved = [];
        private int _steps;

        /// <summary>The gradients of one more step.</summary>
        public void Add(double[] expected, double[] actual)
        {
            if (_steps++ == 0)
            {
                _gradient = new double[expected.Length];
                _squares = new double[expected.Length];
                _moved = new double[expected.Length];
            }

            for (var i = 0; i < expected.Length; i++)
            {
                _gradient[i] = Math.Max(_gradient[i], Math.Abs(expected[i] - actual[i]));
                _squares[i] = Options.Beta2 * _squares[i] + (1 - Options.Beta2) * expected[i] * expected[i];
                var root = Math.Sqrt(_squares[i] / (1 - Math.Pow(Options.Beta2, _steps)));
                _moved[i] += learningRate * 2.01 * _gradient[i] / (root + Options.Epsilon);
            }
        }

        /// <summary>Fails where a parameter is further away than its gradients and rounding explain.</summary>
        public void AssertExplains(double[] expected, double[] actual, string what)
        {
            for (var i = 0; i < expected.Length; i++)
            {
                // A step rounds the parameter twice, here and in the reference. 0.999 in float32 is wrong by up to
                // 3e-8, so 1 - 0.999 by 3e-5 of itself, and the step, which is divided by its root, by 1.5e-5.
                var rounding = _steps * (4 * Math.Pow(2, -24) * Math.Abs(expected[i]) + 2e-5 * learningRate);
                var difference = Math.Abs(expected[i] - actual[i]);
                Assert.True(
                    difference <= _moved[i] + rounding,
                    $"{what}: expected {expected[i]:g9}, got {actual[i]:g9} at flat index {i}: of the difference of "
                    + $"{difference:g4} its gradients explain {_moved[i]:g4} and rounding {rounding:g4}.");
            }
        }
    }
}
