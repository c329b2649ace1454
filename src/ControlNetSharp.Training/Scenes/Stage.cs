using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>A scene while it is being built: the places' builders put solids, lamps, people and words on it.</summary>
internal sealed class Stage(SceneRandom random, SceneStyle style, SceneTime time)
{
    private readonly List<Solid> _solids = [];
    private readonly List<Glow> _glows = [];
    private readonly List<Occluder> _occluders = [];
    private readonly List<Joint[]> _people = [];
    private readonly List<SceneThing> _things = [];

    public SceneRandom Random { get; } = random;

    public SceneStyle Style { get; } = style;

    public SceneTime Time { get; } = time;

    public bool IsNight => Time == SceneTime.Night;

    public Camera? Camera { get; set; }

    public Daylight? Light { get; set; }

    /// <summary>What the caption says first, for example "a blue cup and a red apple".</summary>
    public string Subject { get; set; } = "";

    /// <summary>Where it is, for example "on a wooden table"; may be left out of the caption.</summary>
    public string Where { get; set; } = "";

    /// <summary>The place's plain name for the attributes.</summary>
    public string Place { get; set; } = "";

    /// <summary>Index of the person that limbs now belong to, or -1.</summary>
    public int Person { get; set; } = -1;

    public IReadOnlyList<Solid> Solids => _solids;

    public IReadOnlyList<Glow> Glows => _glows;

    public IReadOnlyList<Occluder> Occluders => _occluders;

    public IReadOnlyList<Joint[]> People => _people;

    public IReadOnlyList<SceneThing> Things => _things;

    public static Material Matte(Vector3 colour) => new(colour);

    public static Material Glazed(Vector3 colour, float gloss = 0.6f) => new(colour) { Gloss = gloss };

    public static Material Shining(Vector3 colour) => new(colour) { Emission = 1 };

    /// <summary>
    /// Notes a thing for the attributes and returns its words, "a blue cup"; without the colour where the style shows
    /// none.
    /// </summary>
    public string Mention(string noun, NamedColour colour)
    {
        _things.Add(new SceneThing(noun, colour.Name));
        var colourless = Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
        return CaptionWriter.WithArticle(colourless || colour.Name == noun ? noun : $"{colour.Name} {noun}");
    }

    public void Add(Solid solid) => _solids.Add(solid);

    public void AddPerson(Joint[] joints) => _people.Add(joints);

    public void Glow(Vector3 position, Vector3 colour, float reach) => _glows.Add(new Glow(position, colour, reach));

    /// <summary>An ellipsoid in the frame's coordinates that darkens its surroundings softly.</summary>
    public void Occlude(Frame frame, Vector3 centre, Vector3 radii) =>
        _occluders.Add(new Occluder(frame.At(centre), radii * frame.Scale));

    public void Ground(float height, Material material, byte kind) =>
        Add(
            new Ground(height)
            {
                Material = material,
                Class = kind,
                CastsShadow = false,
            }
        );

    public void Block(Frame frame, Vector3 centre, Vector3 half, Material material, byte kind, bool shadow = true) =>
        Add(
            new Box(frame.Moved(centre.X, centre.Y, centre.Z), half * frame.Scale)
            {
                Material = material,
                Class = kind,
                CastsShadow = shadow,
                Person = Person,
            }
        );

    public void Round(
        Frame frame,
        Vector3 centre,
        Vector3 radii,
        Material material,
        byte kind,
        Vector4 clip = default,
        bool shadow = true
    ) =>
        Add(
            new Ellipsoid(frame.Moved(centre.X, centre.Y, centre.Z), radii * frame.Scale, clip)
            {
                Material = material,
                Class = kind,
                CastsShadow = shadow,
                Person = Person,
            }
        );

    public void Sphere(Frame frame, Vector3 centre, float radius, Material material, byte kind) =>
        Round(frame, centre, new Vector3(radius), material, kind);

    /// <summary>A frustum standing on <paramref name="foot"/>.</summary>
    public void Cone(
        Frame frame,
        Vector3 foot,
        float height,
        float bottom,
        float top,
        Material material,
        byte kind,
        bool capped = true,
        bool shadow = true
    ) =>
        Add(
            new Frustum(
                frame.Moved(foot.X, foot.Y + height / 2, foot.Z),
                height / 2 * frame.Scale,
                bottom * frame.Scale,
                top * frame.Scale,
                capped
            )
            {
                Material = material,
                Class = kind,
                CastsShadow = shadow,
                Person = Person,
            }
        );

    public void Cylinder(Frame frame, Vector3 foot, float height, float radius, Material material, byte kind) =>
        Cone(frame, foot, height, radius, radius, material, kind);

    /// <summary>A frustum between two points of the frame.</summary>
    public void Rod(Frame frame, Vector3 from, Vector3 to, float low, float high, Material material, byte kind)
    {
        var (a, b) = (frame.At(from), frame.At(to));
        Add(
            new Frustum(Frame.Along(a, b), Vector3.Distance(a, b) / 2, low * frame.Scale, high * frame.Scale)
            {
                Material = material,
                Class = kind,
                Person = Person,
            }
        );
    }

    /// <summary>A tapering limb between two points of the frame.</summary>
    public void Limb(Frame frame, Vector3 from, Vector3 to, float low, float high, Material material, byte kind)
    {
        var (a, b) = (frame.At(from), frame.At(to));
        Add(
            new Limb(Frame.Along(a, b), Vector3.Distance(a, b), low * frame.Scale, high * frame.Scale)
            {
                Material = material,
                Class = kind,
                Person = Person,
            }
        );
    }

    public void Disc(
        Frame frame,
        Vector3 centre,
        float radiusX,
        float radiusZ,
        Material material,
        byte kind,
        float hole = 0
    ) =>
        Add(
            new Disc(frame.Moved(centre.X, centre.Y, centre.Z), radiusX * frame.Scale, radiusZ * frame.Scale, hole)
            {
                Material = material,
                Class = kind,
                CastsShadow = false,
                Person = Person,
            }
        );

    /// <summary>
    /// A roof with its ridge along X: base rectangle 2·half.X by 2·half.Z at <paramref name="foot"/>, ridge half.Y
    /// above; hipped ends lean inwards.
    /// </summary>
    public void Roof(Frame frame, Vector3 foot, Vector3 half, Material material, byte kind, float hip = 0)
    {
        half *= frame.Scale;
        hip *= frame.Scale;
        var middle = half.Y / 2;
        var planes = new List<Vector4> { new(0, -1, 0, middle) };
        foreach (var side in new[] { -1, 1 })
        {
            planes.Add(Through(new Vector3(0, half.Z, side * half.Y), new Vector3(0, middle, 0)));
            planes.Add(Through(new Vector3(side * half.Y, hip, 0), new Vector3(side * (half.X - hip), middle, 0)));
        }

        Add(
            new Polyhedron(
                frame.Moved(foot.X, foot.Y + middle / frame.Scale, foot.Z),
                new Vector3(half.X, middle, half.Z),
                [.. planes]
            )
            {
                Material = material,
                Class = kind,
                Person = Person,
            }
        );
    }

    /// <summary>
    /// A row of limbs along an arc in the frame's XY plane around <paramref name="centre"/>: handles, bananas, tails.
    /// </summary>
    public void Arc(
        Frame frame,
        Vector3 centre,
        Vector2 radii,
        float from,
        float to,
        int pieces,
        float thick,
        float thin,
        Material material,
        byte kind
    )
    {
        for (var i = 0; i < pieces; i++)
        {
            Limb(frame, Point(i), Point(i + 1), Thickness(i), Thickness(i + 1), material, kind);
        }

        Vector3 Point(int i)
        {
            var (sin, cos) = MathF.SinCos(from + (to - from) * i / pieces);
            return centre + new Vector3(radii.X * cos, radii.Y * sin, 0);
        }

        float Thickness(int i)
        {
            // thin at both ends, thick in the middle
            var end = MathF.Abs(2f * i / pieces - 1);
            return thick + (thin - thick) * end * end;
        }
    }

    private static Vector4 Through(Vector3 normal, Vector3 point)
    {
        normal = Vector3.Normalize(normal);
        return new Vector4(normal, Vector3.Dot(normal, point));
    }
}
