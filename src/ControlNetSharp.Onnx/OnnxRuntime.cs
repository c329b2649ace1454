using System.Diagnostics.CodeAnalysis;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace ControlNetSharp.Onnx;

/// <summary>Loads ONNX files by Microsoft.ML.OnnxRuntime, to compute on the CPU.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "ControlNetSharp makes it, by its name.")]
internal sealed class OnnxRuntime : IOnnxRuntime
{
    /// <inheritdoc/>
    public IOnnxModel Load(string path)
    {
        InferenceSession session;
        try
        {
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            session = new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new CheckpointException(path, $"is no ONNX model that can be run: {e.Message}", innerException: e);
        }
        catch (Exception e)
            when (e is DllNotFoundException or EntryPointNotFoundException || e.InnerException is DllNotFoundException)
        {
            throw new RuntimeUnavailableException(
                $"{path} is an ONNX model, but the native library of Microsoft.ML.OnnxRuntime could not be loaded: "
                    + (e.InnerException ?? e).Message,
                e
            );
        }

        try
        {
            return new OnnxModel(path, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
