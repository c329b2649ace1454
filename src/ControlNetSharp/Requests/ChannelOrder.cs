namespace ControlNetSharp.Requests;

/// <summary>How the channels of a picture that already is the hint are ordered.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue: what ControlNets of this field take.</summary>
    Rgb,

    /// <summary>Blue, green, red: as some programs write hints; red and blue are exchanged.</summary>
    Bgr,
}
