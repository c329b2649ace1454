namespace ControlNetSharp.Requests;

/// <summary>What an IP-Adapter takes over of a picture: in which layers of the UNet it acts.</summary>
public enum PictureTransfer
{
    /// <summary>Everything: all layers.</summary>
    All,

    /// <summary>Colours, materials, strokes.</summary>
    Style,

    /// <summary>What is where.</summary>
    Composition,
}
