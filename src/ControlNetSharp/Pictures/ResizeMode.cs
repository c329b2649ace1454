namespace ControlNetSharp.Pictures;

/// <summary>How a hint of another shape is brought to the size of the picture to be made.</summary>
public enum ResizeMode
{
    /// <summary>Stretched to the size; the shape changes (A1111: "Just Resize").</summary>
    Just,

    /// <summary>Scaled until it covers the size, then cut at the centre (A1111: "Crop and Resize").</summary>
    Crop,

    /// <summary>
    /// Scaled until it fits in, then padded with the median colour of its border (A1111: "Resize and Fill").
    /// </summary>
    Fill,
}
