namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>Part affinity fields over a picture: at each pixel the unit vector along a limb that is there.</summary>
internal interface ILimbField
{
    /// <summary>Rows of the picture.</summary>
    int Height { get; }

    /// <summary>One value of a map.</summary>
    /// <param name="map">The map: OpenPose's 38, x and y of a limb in turn.</param>
    /// <param name="x">Column in the picture.</param>
    /// <param name="y">Row in the picture.</param>
    double At(int map, int x, int y);
}
