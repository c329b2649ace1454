using System.Diagnostics.CodeAnalysis;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Annotators.Onnx;

/// <summary>
/// The ONNX runtime of this program: that of the package ControlNetSharp.Onnx where it is referenced. Its native
/// library is large, so that programs without ONNX files do not carry it.
/// </summary>
internal static class OnnxRuntimes
{
    /// <summary>The package, and the assembly in it.</summary>
    public const string Package = "ControlNetSharp.Onnx";

    private static readonly Lazy<IOnnxRuntime?> Own = new(() => Find($"{Package}.OnnxRuntime, {Package}"));

    /// <summary>Loads a model.</summary>
    /// <inheritdoc cref="IOnnxRuntime.Load"/>
    public static IOnnxModel Load(string path) => Load(path, Own.Value);

    /// <summary>Loads a model with a runtime that may not be there.</summary>
    internal static IOnnxModel Load(string path, IOnnxRuntime? runtime) =>
        runtime?.Load(path)
        ?? throw new RuntimeUnavailableException(
            $"{path} is an ONNX model, which needs the package {Package} beside this program."
        );

    /// <summary>The runtime of an assembly; null where it is not there.</summary>
    /// <param name="type">The class, with its assembly.</param>
    internal static IOnnxRuntime? Find(
        [DynamicallyAccessedMembers(
            DynamicallyAccessedMemberTypes.PublicParameterlessConstructor
                | DynamicallyAccessedMemberTypes.NonPublicConstructors
        )]
            string type
    ) =>
        Type.GetType(type, throwOnError: false) is { } found
            ? (IOnnxRuntime?)Activator.CreateInstance(found, nonPublic: true)
            : null;
}
