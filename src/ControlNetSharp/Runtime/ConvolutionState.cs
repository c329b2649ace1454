namespace ControlNetSharp.Runtime;

/// <summary>How far the convolutions of libtorch can be trusted on this machine's CPU.</summary>
public enum ConvolutionState
{
    /// <summary>They are right as they are.</summary>
    Right,

    /// <summary>They are right where channels fill whole blocks, so zeros are added to those that do not.</summary>
    Padded,

    /// <summary>They are wrong either way; nothing is computed with them.</summary>
    Wrong,
}
