using ControlNetSharp.Runtime;

namespace ControlNetSharp.Tests.Runtime;

/// <summary>Until it is disposed, the code that the test calls takes convolutions for what is said here.</summary>
internal sealed class AssumedConvolutions : IDisposable
{
    public AssumedConvolutions(ConvolutionState state, string reason = "a test") =>
        ConvolutionCheck.Assumed.Value = new ConvolutionReport(state, reason);

    public void Dispose() => ConvolutionCheck.Assumed.Value = null;
}
