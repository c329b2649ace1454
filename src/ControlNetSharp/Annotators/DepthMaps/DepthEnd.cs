namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>What large values of a depth map mean.</summary>
public enum DepthEnd
{
    /// <summary>Near where the map looks like a relative one, as depth programs write it; else far.</summary>
    Auto,

    /// <summary>Near: a relative map, such as MiDaS's, or disparity.</summary>
    Near,

    /// <summary>Far: depth as a sensor or a renderer measures it.</summary>
    Far,
}
