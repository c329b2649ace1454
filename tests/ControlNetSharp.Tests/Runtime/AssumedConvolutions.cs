using ControlNetSharp.Runtime;

namespace ControlNetSharp.Tests.Runtime;

/// <summary>Until it is disposed, what the test calls takes this machine's convolutions for what is said here.</summary>
internal sealed class AssumedConvolutions : IDisposable
{
    public AssumedConvolutions(ConvolutionState state, string reason = "a test") => ConvolutionCheck.Assumed.Value = new ConvolutionReport(state, reason);

    public void Dispose() => ConvolutionCheck.Assumed.Value = null;
}
