namespace ControlNetSharp.Runtime;

/// <summary>What <see cref="ConvolutionCheck"/> found.</summary>
/// <param name="State">How far convolutions can be trusted.</param>
/// <param name="Reason">Why, for people to read.</param>
public sealed record ConvolutionReport(ConvolutionState State, string Reason);
