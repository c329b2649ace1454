using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Cli;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Annotators.DepthMaps;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Text;
using ControlNetSharp.Training.Datasets;
using SkiaSharp;
using Xunit;

namespace ControlNetSharp.Tests.Fuzzing;

/// <summary>Damaged pictures, measured depths, poses, units and prompts.</summary>
public sealed class InputFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rgb")]
    [InlineData("palette")]
    [InlineData("alpha")]
    public void Read_OfMutatedPngs_ReadsOrRefuses(string kind)
    {
        var rows = Enumerable.Range(0, 16).SelectMany(y => new byte[] { (byte)(y % 5) }.Concat(Enumerable.Range(0, kind == "rgb" ? 48 : kind == "alpha" ? 64 : 16).Select(x => (byte)(kind == "palette" ? (x + y) % 3 : x * y)))).ToArray();
        var original = kind switch
        {
            "rgb" => PictureWriter.EncodePng(TestPictures.Noise(33, 17), new Dictionary<string, string> { ["parameters"] = "a cat\nSteps: 20", ["controlnetsharp"] = "{}" }),
            "palette" => PngBytes.Of(16, 16, 8, PngBytes.Palette, rows, ("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9]), ("tRNS", [5, 6])),
            _ => PngBytes.Of(16, 16, 8, PngBytes.Rgba, rows, ("gAMA", [0, 0, 177, 143]), ("tEXt", "key\0value"u8.ToArray()), ("iTXt", "key2\0\0\0\0\0value"u8.ToArray()), ("zTXt", [.. "key3\0\0"u8, .. PngBytes.Deflated("text"u8.ToArray())])),
        };
        FuzzRun.Of(kind, random => Mutations.Png(original, random), input => PictureReader.Read(input), e => e is PictureException);
        FuzzRun.Of(kind + " texts", random => Mutations.Png(original, random), input => PngTexts.Read(new MemoryStream(input)), e => e is PictureException);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Read_OfOtherMutatedPictures_ReadsOrRefuses(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(48, 32);
        bitmap.Erase(SKColors.Coral);
        using var data = bitmap.Encode(format, 80);
        var original = data.ToArray();
        FuzzRun.Of($"{format}", random => Mutations.Bytes(original, random), input => PictureReader.Read(input), e => e is PictureException);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("npy")]
    [InlineData("tiff")]
    [InlineData("npz")]
    [InlineData("pfm")]
    [InlineData("exr")]
    [InlineData("exr zip")]
    public void Read_OfMutatedDepths_ReadsOrRefuses(string kind)
    {
        var values = Enumerable.Range(0, 16 * 12).Select(i => (ushort)(i * 300)).ToArray();
        float[] floats = [.. values.Select(value => value / 1000f)];
        var original = kind switch
        {
            "png" => PngBytes.Of(16, 12, 16, PngBytes.Grey, [.. Enumerable.Range(0, 12).SelectMany(y => new byte[] { 0 }.Concat(Enumerable.Range(0, 16).SelectMany(x => new[] { (byte)(values[16 * y + x] >> 8), (byte)values[16 * y + x] })))]),
            "npy" => Npy(values),
            "npz" => DepthBytes.Npz(("depth.npy", Npy(values)), ("other.npy", Npy(values))),
            "pfm" => DepthBytes.Pfm(16, floats, little: true),
            "exr" => DepthBytes.Exr(16, 0, [("Z", "f4", floats)]),
            "exr zip" => DepthBytes.Exr(16, 3, [("A", "f2", floats), ("Z", "f4", floats)]),
            _ => Tiff(values),
        };
        Func<byte[], Random, byte[]> mutate = kind == "png" ? Mutations.Png : kind == "npz" ? Mutations.Zip : Mutations.Bytes;
        FuzzRun.Of(kind, random => mutate(original, random), input => DepthMapReader.Read(input), e => e is PictureException);
    }

    [Theory]
    [InlineData("grey", PngBytes.Grey, 8)]
    [InlineData("palette", PngBytes.Palette, 4)]
    [InlineData("rgb", PngBytes.Rgb, 8)]
    public void Read_OfMutatedClassNumbers_ReadsOrRefuses(string kind, byte colourType, byte bits)
    {
        byte[] row = kind switch { "grey" => [0, .. Areas(1)], "rgb" => [0, .. Areas(3)], _ => [0, 0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22] };
        var original = PngBytes.Of(16, 12, bits, colourType, [.. Enumerable.Range(0, 12).SelectMany(_ => row)], ("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9]));
        FuzzRun.Of(
            kind,
            random => Mutations.Png(original, random),
            input => Assert.True(ClassNumbers.AreIn(input, allowsPalette: true) || ClassNumbers.Hint(input, new AnnotatorOptions(ClassNumbers.Info), "numbers", out _) is not null),
            e => e is PictureException);

        static IEnumerable<byte> Areas(int channels) => Enumerable.Range(0, 16 * channels).Select(i => (byte)(1 + i / (8 * channels)));
    }

    [Fact]
    public void Parse_OfMutatedPoses_ReadsOrRefuses()
    {
        var original = Encoding.UTF8.GetBytes($$"""[{"people": [{"pose_keypoints_2d": [{{string.Join(", ", Enumerable.Range(0, 54).Select(i => i % 3 == 2 ? "1" : $"{i}.5"))}}], "hand_left_keypoints_2d": null, "face_keypoints_2d": []}], "canvas_width": 512, "canvas_height": 512}]""");
        FuzzRun.Of("pose", random => Mutations.Json(original, random), input => PoseJson.Parse(input), e => e is PictureException);
    }

    [Fact]
    public void Parse_OfMutatedUnits_ReadsOrRefuses()
    {
        var original = "{\"kind\": \"canny\", \"picture\": \"room.png\", \"weight\": 0.8, \"start\": 0, \"end\": 0.6, \"mode\": \"prompt\", \"low\": 100, \"high\": 200}"u8.ToArray();
        FuzzJsonFile("unit", original, path => UnitText.Parse("@" + path, "units[0]"), e => e is UsageException or RequestException);
    }

    [Fact]
    public void Read_OfMutatedRowsOfADataset_ReadsOrRefuses()
    {
        var original = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 4).Select(i => $"{{\"source\": \"source/{i}.png\", \"target\": \"target/{i}.png\", \"prompt\": \"a red house, {i}\"}}\n")));
        FuzzJsonFile("rows", original, path => Assert.NotNull(JsonRows.Read(path).ToList()), e => e is DatasetException);
    }

    private void FuzzJsonFile(string kind, byte[] original, Action<string> read, Func<Exception, bool> isDocumented)
    {
        var path = _folder[$"{kind}.json"];
        FuzzRun.Of(
            kind,
            random => Mutations.Json(original, random),
            input =>
            {
                File.WriteAllBytes(path, input);
                read(path);
            },
            isDocumented);
    }

    [Fact]
    public void Parse_OfRandomPrompts_ReadsOrRefuses()
    {
        using var inversions = new TextualInversions(["ink", "a cat"], name => [TorchSharp.torch.zeros(name.Length, 4)]);
        FuzzRun.Of(
            "prompt",
            random => Encoding.Unicode.GetBytes(Mutations.Prompt(random)),
            input =>
            {
                using var scope = TorchSharp.torch.NewDisposeScope();
                var text = Encoding.Unicode.GetString(input);
                foreach (var prompt in new[] { ParsedPrompt.Parse, ParsedPrompt.ParseNegative }.Select(parse => Refused(() => parse(text))).OfType<ParsedPrompt>())
                {
                    Assert.All(PromptChunk.Of(prompt.Pieces(7), ClipTokenizer.Default, inversions), chunk => Assert.InRange(chunk.Tokens.Count, 0, PromptChunk.Length));
                }
            },
            e => e is ArgumentException);

        static ParsedPrompt? Refused(Func<ParsedPrompt> parse)
        {
            try
            {
                return parse();
            }
            catch (ArgumentException)
            {
                return null;
            }
        }
    }

    /// <summary>Rows of 16 numbers. Source: numpy.lib.format, version 1.0.</summary>
    private static byte[] Npy(ushort[] values)
    {
        var header = "{'descr': '<u2', 'fortran_order': False, 'shape': (12, 16), }".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)];
    }

    /// <summary>One strip of 16-bit greys. Source: TIFF 6.0, section 4.</summary>
    private static byte[] Tiff(ushort[] values)
    {
        (ushort Tag, ushort Type, uint Value)[] entries = [(256, 3, 16), (257, 3, 12), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, 12), (279, 4, (uint)values.Length * 2)];
        var data = values.SelectMany(BitConverter.GetBytes).ToArray();
        var directory = new byte[2 + 12 * entries.Length + 4];
        BinaryPrimitives.WriteUInt16LittleEndian(directory, (ushort)entries.Length);
        foreach (var (index, (tag, type, value)) in entries.Index())
        {
            var entry = directory.AsSpan(2 + 12 * index);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], value);
        }

        return [.. "II*\0"u8, .. BitConverter.GetBytes(8 + data.Length), .. data, .. directory];
    }
}
