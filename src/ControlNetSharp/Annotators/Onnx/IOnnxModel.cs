namespace ControlNetSharp.Annotators.Onnx;

/// <summary>An ONNX model of one input, loaded. It may be run by several threads at once.</summary>
internal interface IOnnxModel : IDisposable
{
    /// <summary>The file, for messages.</summary>
    string File { get; }

    /// <summary>What it takes.</summary>
    OnnxPort Input { get; }

    /// <summary>What it gives, in the order of <see cref="Run"/>.</summary>
    IReadOnlyList<OnnxPort> Outputs { get; }

    /// <summary>Runs it.</summary>
    /// <param name="input">Numbers in a shape that <see cref="Input"/> allows.</param>
    /// <returns>All outputs.</returns>
    /// <exception cref="Checkpoints.CheckpointException">It cannot take this, or fails.</exception>
    IReadOnlyList<OnnxTensor> Run(OnnxTensor input);
}

/// <summary>What loads ONNX models: a class of an assembly of its own, found by its name.</summary>
internal interface IOnnxRuntime
{
    /// <summary>Loads a file.</summary>
    /// <exception cref="Checkpoints.CheckpointException">It is no ONNX model of one input, or damaged.</exception>
    /// <exception cref="Runtime.RuntimeUnavailableException">The native library is not there.</exception>
    IOnnxModel Load(string path);
}
