using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ControlNetSharp.Onnx;

/// <summary>A model in a session, which takes one tensor of floats.</summary>
internal sealed class OnnxModel : IOnnxModel
{
    private readonly InferenceSession _session;
    private readonly bool _isHalf;

    /// <summary>Takes over a session.</summary>
    /// <exception cref="CheckpointException">It takes something else than one tensor of floats.</exception>
    public OnnxModel(string file, InferenceSession session)
    {
        (File, _session) = (file, session);
        if (session.InputMetadata.Count != 1)
        {
            throw new CheckpointException(
                file,
                $"takes {session.InputMetadata.Count} inputs ({string.Join(", ", session.InputNames)}); one picture is "
                    + "all that there is."
            );
        }

        var (name, input) = session.InputMetadata.First();
        _isHalf = input.ElementDataType == TensorElementType.Float16;
        if (!input.IsTensor || (!_isHalf && input.ElementDataType != TensorElementType.Float))
        {
            throw new CheckpointException(
                file,
                $"takes {(input.IsTensor ? input.ElementDataType : input.OnnxValueType)} as '{name}'; floats of 32 or "
                    + "16 bits are needed."
            );
        }

        Input = Port(name, input);
        Outputs = [.. session.OutputNames.Select(output => Port(output, session.OutputMetadata[output]))];
    }

    /// <inheritdoc/>
    public string File { get; }

    /// <inheritdoc/>
    public OnnxPort Input { get; }

    /// <inheritdoc/>
    public IReadOnlyList<OnnxPort> Outputs { get; }

    /// <inheritdoc/>
    public IReadOnlyList<OnnxTensor> Run(OnnxTensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        int[] shape = [.. input.Shape];
        var value = _isHalf
            ? NamedOnnxValue.CreateFromTensor(
                Input.Name,
                new DenseTensor<Float16>(Array.ConvertAll(input.Values, number => (Float16)number), shape)
            )
            : NamedOnnxValue.CreateFromTensor(Input.Name, new DenseTensor<float>(input.Values, shape));
        try
        {
            using var results = _session.Run([value], _session.OutputNames);
            return [.. results.Select(Numbers)];
        }
        catch (OnnxRuntimeException e)
        {
            throw new CheckpointException(File, $"failed: {e.Message}", innerException: e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private OnnxTensor Numbers(DisposableNamedOnnxValue output)
    {
        return output.Value switch
        {
            Tensor<float> tensor => Of(tensor, number => number),
            Tensor<Float16> tensor => Of(tensor, number => (float)number),
            Tensor<double> tensor => Of(tensor, number => (float)number),
            Tensor<byte> tensor => Of(tensor, number => number),
            Tensor<long> tensor => Of(tensor, number => number),
            Tensor<int> tensor => Of(tensor, number => number),
            _ => throw new CheckpointException(File, $"gives {output.ElementType} as '{output.Name}', not numbers."),
        };

        static OnnxTensor Of<T>(Tensor<T> tensor, Func<T, float> toFloat) =>
            new([.. tensor.ToDenseTensor().Buffer.ToArray().Select(toFloat)], tensor.Dimensions.ToArray());
    }

    /// <summary>Free sizes have names in the file, and are below 0 here.</summary>
    private static OnnxPort Port(string name, NodeMetadata metadata) =>
        new(name, [.. metadata.Dimensions.Select(side => side > 0 ? side : (int?)null)]);
}
