using System.IO.Compression;
using System.Text;
using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

public sealed class TorchFileTests : IDisposable
{
    private const string Float = "FloatStorage";
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> IoFiles => Goldens.Files("io_*.pth", "io_*.ckpt", "io_*.pt", "io_*.bin");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(IoFiles))]
    public void Open_OfAGolden_GivesExactlyTheExpectedTensors(string name)
    {
        using var scope = NewDisposeScope();
        using var expected = Goldens.Open("io_expected.safetensors");
        using var files = CheckpointFiles.Open(Goldens.Require(name));
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), files.Shapes.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected.Entries, entry =>
        {
            // The expected numbers of a bfloat16 tensor are written as float32.
            var dtype = files.DtypeOf(entry.Key) is "BF16" ? "F32" : files.DtypeOf(entry.Key);
            Assert.Equal((entry.Value.Dtype, string.Join(", ", entry.Value.Shape)), (dtype, string.Join(", ", files.Shapes[entry.Key])));
            Assert.Equal(Bytes(expected[entry.Key]), Bytes(files.Read(entry.Key, expected[entry.Key].dtype)));
            using var target = zeros([.. entry.Value.Shape], ScalarType.Float64);
            files.ReadInto(entry.Key, target);
            Assert.Equal(Bytes(expected[entry.Key].to(ScalarType.Float64)), Bytes(target));
        });
    }

    [Theory]
    [MemberData(nameof(IoFiles))]
    public void Open_UnderAnotherName_GoesByTheContent(string name)
    {
        File.Copy(Goldens.Require(name), _folder["model.safetensors"]);
        using var files = CheckpointFiles.Open(_folder["model.safetensors"]);
        Assert.NotEmpty(files.Shapes);
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("deflated")]
    [InlineData("legacy")]
    public void Open_OfAWrittenFile_GivesBackEveryTensor(string container)
    {
        using var scope = NewDisposeScope();
        var tensors = Numbers();
        using var files = CheckpointFiles.Open(Write(container, new PickleBytes().Start().Tensors(tensors).Raw(".")));
        AssertSame(tensors, files);
    }

    [Theory]
    [InlineData("state_dict")]
    [InlineData("params_ema")]
    [InlineData("anything")]
    public void Open_OfWeightsBesideOtherThings_TakesTheWeights(string name)
    {
        using var scope = NewDisposeScope();
        var tensors = Numbers();
        var pickle = new PickleBytes().Start().Raw("}(").Text("epoch").Number(3).Text("optimizer").Raw("}(").Text("state").Raw("}").Text("lr").Raw("G?PbM\xd2\xf1\xa9\xfc").Raw("u").Text(name).Tensors(tensors);
        using var files = CheckpointFiles.Open(pickle.Raw("u.").WriteZip(_folder["nested.pth"]));
        AssertSame(tensors, files);
    }

    [Fact]
    public void Open_OfAveragedAndPlainWeights_TakesTheAveragedOnes()
    {
        using var scope = NewDisposeScope();
        var averaged = new Dictionary<string, Tensor> { ["w"] = tensor([1f]) };
        var pickle = new PickleBytes().Start().Raw("}(").Text("params").Tensors(new Dictionary<string, Tensor> { ["w"] = tensor([2f]) }).Text("params_ema").Tensors(averaged).Raw("u.");
        using var files = CheckpointFiles.Open(pickle.WriteZip(_folder["both.pth"]));
        AssertSame(averaged, files);
    }

    [Fact]
    public void Open_OfATextualInversion_TakesItsParameters()
    {
        using var scope = NewDisposeScope();
        var vectors = new Dictionary<string, Tensor> { ["*"] = ones(2, 3) };
        var pickle = new PickleBytes().Start().Raw("}(").Text("string_to_token").Tensors(new Dictionary<string, Tensor> { ["*"] = tensor(265L) })
            .Text("string_to_param").Global("torch.nn.modules.container", "ParameterDict").Raw(")\u0081}(").Text("training").Raw(0x88).Text("_parameters").Tensors(vectors).Raw("ub").Text("name").Text("thing").Raw("u.");
        using var files = CheckpointFiles.Open(pickle.WriteZip(_folder["thing.pt"]));
        AssertSame(vectors, files);
    }

    [Fact]
    public void Open_WithMoreIndicesThanAnyNetwork_IsRefusedSoon()
    {
        using var scope = NewDisposeScope();
        var names = Enumerable.Range(0, 3000).SelectMany(i => new[] { $"down_blocks.{i}.resnets.0.conv1.weight", $"down_blocks.0.resnets.{i}.conv1.weight" }).Distinct();
        SafetensorsWriter.Write(_folder["many.safetensors"], names.Select(name => KeyValuePair.Create(name, zeros(0))));
        Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(_folder["many.safetensors"], ControlNetSharp.Runtime.Placement.Cpu32));
    }

    [Fact]
    public void Open_WhereSeveralDictionariesCouldBeTheWeights_NamesThem()
    {
        using var scope = NewDisposeScope();
        var pickle = new PickleBytes().Start().Raw("}(").Text("left").Tensors(Numbers()).Text("right").Tensors(Numbers()).Raw("u.");
        AssertRefused(pickle.WriteZip(_folder["two.pth"]), "left, right");
    }

    [Fact]
    public void Open_OfViews_ReadsThemFromTheSharedStorage()
    {
        using var scope = NewDisposeScope();
        var whole = arange(24, ScalarType.Float32).reshape(4, 6);
        foreach (var container in new[] { "zip", "deflated", "legacy" })
        {
            var pickle = new PickleBytes().Start().Raw("}(").Text("row").Tensor("s", Float, 24, 6, [6], [1]).Text("column").Tensor("s", Float, 24, 2, [4], [6])
                .Text("transposed").Tensor("s", Float, 24, 0, [6, 4], [1, 6]).Text("repeated").Tensor("s", Float, 24, 5, [3, 2], [0, 6]).Raw("u.");
            pickle.Storages.Add("s", whole);
            using var files = CheckpointFiles.Open(Write(container, pickle));
            AssertSame(
                new Dictionary<string, Tensor> { ["row"] = whole[1], ["column"] = whole[.., 2], ["transposed"] = whole.t(), ["repeated"] = tensor([5f, 11, 5, 11, 5, 11]).reshape(3, 2) }, files);
        }
    }

    [Fact]
    public void ReadInto_AViewOfAnotherTensor_FillsIt()
    {
        using var scope = NewDisposeScope();
        using var files = CheckpointFiles.Open(new PickleBytes().Start().Tensors(new Dictionary<string, Tensor> { ["w"] = arange(6, ScalarType.Float32).reshape(2, 3) }).Raw(".").WriteZip(_folder["w.pth"]));
        var target = zeros(3, 2);
        files.ReadInto("w", target.t());
        Assert.Equal([0f, 3, 1, 4, 2, 5], target.data<float>().ToArray());
    }

    [Theory]
    [InlineData("posix", "system", "R")]
    [InlineData("os", "system", "R")]
    [InlineData("builtins", "eval", "R")]
    [InlineData("subprocess", "Popen", "\u0081")]
    [InlineData("importlib", "import_module", "R")]
    public void Open_OfAPickleThatWantsSomethingRun_RefusesItByName(string module, string name, string operation)
    {
        using var scope = NewDisposeScope();
        // Inside and outside of the state dict.
        foreach (var call in Calls(module, name, operation))
        {
            var outside = new PickleBytes().Start().Raw("}(").Text("state_dict").Tensors(Numbers()).Text("callbacks").Raw(call).Raw("u.");
            AssertRefused(outside.WriteZip(_folder["outside.ckpt"]), $"{module}.{name}");
            var inside = new PickleBytes().Start().Raw("}(").Text("w").Raw(call).Raw("u.");
            AssertRefused(inside.WriteLegacy(_folder["inside.pth"]), $"{module}.{name}");
        }
    }

    [Theory]
    [InlineData("omegaconf.dictconfig", "DictConfig", "\u0081")]
    [InlineData("pathlib", "PosixPath", "R")]
    [InlineData("datetime", "datetime", "R")]
    [InlineData("copyreg", "_reconstructor", "R")]
    [InlineData("my.module", "Model", "\u0081")]
    [InlineData("my.code.os", "Settings", "\u0081")]
    public void Open_OfObjectsBesideTheWeights_LeavesThemOut_AndRefusesThemAmongTheWeightsByName(string module, string name, string operation)
    {
        using var scope = NewDisposeScope();
        var tensors = Numbers();
        foreach (var call in Calls(module, name, operation))
        {
            // The object has attributes, items and entries, and is an entry, an item and a key itself.
            var used = $"{call}}}S'a'\nK\u0001sbK\u0001aS'b'\nK\u0002s";
            var beside = new PickleBytes().Start().Raw("}(").Text("hyper_parameters").Raw($"](}}{used}K\u0003s{used}e").Text("config").Raw(used).Text("state_dict").Tensors(tensors).Raw("u.");
            foreach (var path in new[] { beside.WriteZip(_folder["beside.ckpt"]), beside.WriteLegacy(_folder["beside.pt"]) })
            {
                using var files = CheckpointFiles.Open(path);
                AssertSame(tensors, files);
            }

            var among = new PickleBytes().Start().Raw("}(").Text("state_dict").Tensors(tensors).Raw("(").Text("x").Raw($"]{used}auu.");
            AssertRefused(among.WriteZip(_folder["among.ckpt"]), $"{module}.{name} is among its weights");
        }
    }

    [Fact]
    public void Open_OfTensorsOfForeignClasses_LeavesThemOutBesideTheWeights_AndNamesThemAmongThem()
    {
        using var scope = NewDisposeScope();
        const string numbers = "I0\n(K\u0001t(K\u0001t";
        var quantized = $"ctorch._utils\n_rebuild_qtensor\n({numbers}tR";
        var complex = $"ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nComplexFloatStorage\nS'c'\nS'cpu'\nK\u0001tQ{numbers}I00\n)tR";
        var own = $"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncmy.module\nTensor\n))tR";
        foreach (var (tensor, name) in new[] { (quantized, "torch._utils._rebuild_qtensor"), (complex, "torch.ComplexFloatStorage"), (own, "my.module.Tensor") })
        {
            var tensors = Numbers();
            using var files = CheckpointFiles.Open(new PickleBytes().Start().Raw("}(").Text("state_dict").Tensors(tensors).Text("other").Raw("}").Text("w").Raw($"{tensor}su.").WriteZip(_folder["beside.ckpt"]));
            AssertSame(tensors, files);
            AssertRefused(new PickleBytes().Start().Raw("}(").Text("state_dict").Tensors(tensors).Text("w").Raw($"{tensor}su.").WriteZip(_folder["among.ckpt"]), $"{name} is among its weights");
        }
    }

    [Fact]
    public void Open_OfWhatHoldsNoNamedTensors_SaysWhatItIs()
    {
        using var scope = NewDisposeScope();
        var linear = new PickleBytes().Start().Raw("(").Text("module").Global("torch.nn.modules.linear", "Linear").Text("linear.py").Text("class Linear:").Raw("tQ)\u0081}b.");
        AssertRefused(linear.WriteLegacy(_folder["a.pth"]), "a whole object of the class torch.nn.modules.linear.Linear");
        AssertRefused(new PickleBytes().Start().Global("my.module", "Model").Raw(")\u0081}b.").WriteZip(_folder["a.pth"]), "a whole object of the class my.module.Model");
        AssertRefused(new PickleBytes().Start().Raw("}(").Text("epoch").Number(3).Text("model").Global("models.yolo", "Model").Raw(")\u0081u.").WriteZip(_folder["a.pth"]), "'model' is a whole object of the class models.yolo.Model");
        AssertRefused(new PickleBytes().Start().Global("__torch__.net", "Net").Raw(")\u0081.").WriteZip(_folder["a.pth"]), "TorchScript");
        PickleBytes WithStorage(PickleBytes pickle)
        {
            pickle.Storages.Add("0", ones(768));
            return pickle;
        }

        AssertRefused(WithStorage(new PickleBytes().Start().Tensor("0", Float, 768, 0, [1, 768], [768, 1]).Raw(".")).WriteZip(_folder["a.pt"]), "one tensor of shape [1, 768] without a name");
        AssertRefused(WithStorage(new PickleBytes().Start().Raw("](").Tensor("0", Float, 768, 0, [768], [1]).Tensor("0", Float, 768, 0, [768], [1]).Raw("e.")).WriteZip(_folder["a.pt"]), "a list of 2 tensors without names");
        var hypernetwork = new PickleBytes().Start().Raw("}(").Number(320).Raw("(").Tensors(new Dictionary<string, Tensor> { ["linear.0.weight"] = ones(2, 2) }).Raw("}tK\u0001K\u0002").Text("step").Number(5).Raw("u.");
        AssertRefused(hypernetwork.WriteZip(_folder["a.pt"]), "it is a hypernetwork (networks for the widths 320)");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Open_OfALegacyFileOfAnyProtocol_ReadsIt(byte protocol)
    {
        using var scope = NewDisposeScope();
        var tensors = Numbers();
        using var files = CheckpointFiles.Open(new PickleBytes().Raw(0x80, protocol).Tensors(tensors).Raw(".").WriteLegacy(_folder["a.pt"], protocol));
        AssertSame(tensors, files);
    }

    [Fact]
    public void Open_OfALegacyTextualInversion_TakesItsParameters()
    {
        using var scope = NewDisposeScope();
        var vectors = new Dictionary<string, Tensor> { ["*"] = ones(2, 3) };
        // Older files keep the program text of a module beside its class.
        var pickle = new PickleBytes().Start().Raw("}(").Text("string_to_param").Raw("(").Text("module").Global("torch.nn.modules.container", "ParameterDict").Text("container.py").Text("class ParameterDict:")
            .Raw("tQ)\u0081}(").Text("training").Raw(0x88).Text("_parameters").Tensors(vectors).Raw("ub").Text("name").Text("thing").Raw("u.");
        using var files = CheckpointFiles.Open(pickle.WriteLegacy(_folder["thing.pt"]));
        AssertSame(vectors, files);
    }

    [Fact]
    public void Open_OfAnExpandedTensor_RepeatsItsNumbers()
    {
        using var scope = NewDisposeScope();
        foreach (var container in new[] { "zip", "legacy" })
        {
            var pickle = new PickleBytes().Start().Raw("}(").Text("mask").Tensor("0", Float, 6, 0, [4, 6], [0, 1]).Text("one").Tensor("0", Float, 6, 5, [3, 3], [0, 0]).Raw("u.");
            pickle.Storages.Add("0", arange(6, ScalarType.Float32));
            using var files = CheckpointFiles.Open(Write(container, pickle));
            AssertSame(new Dictionary<string, Tensor> { ["mask"] = arange(6, ScalarType.Float32).expand(4, 6), ["one"] = full([3, 3], 5f) }, files);
        }
    }

    [Theory]
    [InlineData("module.", "module.a.weight|module.b._orig_mod.weight|module.c.module.weight", "a.weight|b.weight|c.module.weight")]
    [InlineData("_orig_mod.", "_orig_mod.a.weight|_orig_mod.b.weight", "a.weight|b.weight")]
    [InlineData("module. of some", "module.a.weight|b.weight", "module.a.weight|b.weight")]
    public void Open_OfWrappedNames_TakesTheWrapperOff(string wrapper, string names, string expected)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], names.Split('|').Select(name => KeyValuePair.Create(name, ones(1))));
        using var files = CheckpointFiles.Open(_folder["a.safetensors"]);
        Assert.True(expected.Split('|').Order(StringComparer.Ordinal).SequenceEqual(files.Shapes.Keys.Order(StringComparer.Ordinal)), wrapper);
    }

    [Fact]
    public void Open_OfAForeignNameThatIsNotCalled_LoadsBesideTheWeightsAndIsRefusedAmongThem()
    {
        using var scope = NewDisposeScope();
        var tensors = Numbers();
        var beside = new PickleBytes().Start().Raw("}(").Text("state_dict").Tensors(tensors).Text("callbacks").Raw("}cmy.module\nCallback\n}scmy.module\nOther\n").Text("loop").Raw("u.");
        using var files = CheckpointFiles.Open(beside.WriteZip(_folder["beside.ckpt"]));
        AssertSame(tensors, files);
        var among = new PickleBytes().Start().Raw("}(").Text("w").Tensor("0", Float, 0, 0, [0], [1]).Text("x").Raw("](cmy.module\nCallback\neu.");
        among.Storages.Add("0", zeros(0));
        AssertRefused(among.WriteZip(_folder["among.ckpt"]), "my.module.Callback", "among its weights");
    }

    [Theory]
    [InlineData(2, 0, new long[] { 3 }, new long[] { 1 })]
    [InlineData(4, 2, new long[] { 3 }, new long[] { 1 })]
    [InlineData(4, -1, new long[] { 2 }, new long[] { 1 })]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { 3, 1 })]
    [InlineData(4, 0, new long[] { 2 }, new long[] { -1 })]
    [InlineData(4, 0, new long[] { -2, -2 }, new long[] { 1, 1 })]
    [InlineData(4, 0, new long[] { 1L << 23 }, new long[] { 0 })]
    [InlineData(4, 0, new long[] { 1L << 40 }, new long[] { 0 })]
    [InlineData(4, 0, new long[] { 1L << 62, 4 }, new long[] { 0, 0 })]
    [InlineData(4, 0, new long[] { 2 }, new long[] { long.MaxValue })]
    [InlineData(4, long.MaxValue, new long[] { 2 }, new long[] { 1 })]
    [InlineData(4, 0, new long[] { 2 }, new long[] { 1, 1 })]
    public void Open_OfATensorOutsideItsStorage_IsRefused(long elements, long offset, long[] shape, long[] strides)
    {
        var pickle = new PickleBytes().Start().Raw("}(").Text("w").Tensor("0", Float, elements, offset, shape, strides).Raw("u.");
        pickle.Storages.Add("0", zeros(elements));
        AssertRefused(pickle.WriteZip(_folder["beyond.pth"]), "tensor of shape");
        AssertRefused(pickle.WriteLegacy(_folder["beyond.pth"]), "tensor of shape");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue / 4)]
    [InlineData(-1)]
    public void Open_OfAStorageThatIsLargerThanItsData_IsRefused(long elements)
    {
        var pickle = new PickleBytes().Start().Raw("}(").Text("w").Tensor("0", Float, elements, 0, [2], [1]).Raw("u.");
        pickle.Storages.Add("0", zeros(4));
        AssertRefused(pickle.WriteZip(_folder["storage.pth"]), "storage '0'");
        AssertRefused(pickle.WriteLegacy(_folder["storage.pth"]), "storage '0'");
    }

    public static TheoryData<string, string> Bombs => new()
    {
        { "N", "ends at byte" },
        { "N.", "holds no dictionary" },
        { "}.", "no tensors" },
        { ".", "missing" },
        { "u.", "mark is missing" },
        { "(.", "missing" },
        { "h\u0005.", "recalls value 5" },
        { "j\u00ff\u00ff\u00ff\u00ff.", "recalls value 4294967295" },
        { "X\u00ff\u00ff\u00ff\u00ff.", "more should follow" },
        { "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "more should follow" },
        { "\u008b\u00ff\u00ff\u00ff\u007f.", "more should follow" },
        { "\u008b\u00ff\u00ff\u00ff\u00ff.", "more should follow" },
        { "I" + new string('9', 70000) + "\n.", "no end" },
        { "]q\u0000h\u0000a.", "contains itself" },
        { "\u0080\u0009.", "protocol is 9" },
        { "\u0082\u0001.", "0x82" },
        { "\u0097.", "0x97" },
        { "P1\n.", "0x50" },
        { "K\u0001Q.", "persistent id" },
        { ")Q.", "persistent id" },
        { "K\u0001)R.", "no function" },
        { "ctorch\nFloatStorage\n)R.", "torch.FloatStorage" },
        { "ctorch._utils\n_rebuild_tensor_v2\n)R.", "instead of storage" },
        { "ctorch._utils\n_rebuild_parameter\n)R.", "instead of a tensor" },
        { new string(']', 2000) + new string('a', 1999) + ".", "nested deeper" },
        { new string('N', 5_000_000), "operations" },
        { new string('(', 5_000_000), "operations" },
        // Each list holds the one before it twice: 2^40 values.
        { "N" + string.Concat(Enumerable.Repeat("q\u0000h\u0000\u0086", 40)) + ".", "unfold" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Open_OfAPickleThatIsDamagedOrABomb_IsRefused(string operations, string expected)
    {
        var pickle = new PickleBytes().Start().Raw(operations);
        AssertRefused(pickle.WriteZip(_folder["bomb.pth"]), expected);
        AssertRefused(pickle.WriteZip(_folder["bomb.pth"], CompressionLevel.Fastest), expected);
        AssertRefused(pickle.WriteLegacy(_folder["bomb.pth"]), "");
    }

    [Fact]
    public void Open_OfAZipWhoseSizesLie_IsRefused()
    {
        using var scope = NewDisposeScope();
        var whole = File.ReadAllBytes(new PickleBytes().Start().Tensors(Numbers()).Raw(".").WriteZip(_folder["good.pth"]));
        var directory = Find(whole, "PK\u0001\u0002", 0);
        foreach (var (field, value, expected) in new (int, uint, string)[]
        {
            (20, 1u << 30, "should take"), (24, 1u << 30, "should have"), (24, 0, "should have"), (42, 1u << 30, "is not at"), (42, 7, "is not at"), (10, 12, "method 12"), (8, 1, "encrypted"),
        })
        {
            var lie = (byte[])whole.Clone();
            BitConverter.TryWriteBytes(lie.AsSpan(directory + field), value);
            if (field is 8 or 10)
            {
                lie.AsSpan(directory + field + 2, 2).Clear();
                whole.AsSpan(directory + field + 2, 2).CopyTo(lie.AsSpan(directory + field + 2));
            }

            File.WriteAllBytes(_folder["lie.pth"], lie);
            AssertRefused(_folder["lie.pth"], expected);
        }

        foreach (var length in new[] { 5, 100, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(_folder["cut.pth"], whole[..length]);
            AssertRefused(_folder["cut.pth"], "directory");
        }
    }

    [Fact]
    public void Open_OfAZipWithoutAPickle_SaysSo()
    {
        using (var archive = new ZipArchive(File.Create(_folder["other.zip"]), ZipArchiveMode.Create))
        {
            archive.CreateEntry("readme.txt");
        }

        AssertRefused(_folder["other.zip"], "data.pkl", "readme.txt");
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS")]
    [InlineData("<!DOCTYPE html><html></html>", "web page")]
    [InlineData("\n\n  <!DOCTYPE html>\n<html></html>", "web page")]
    [InlineData("\u00ef\u00bb\u00bf\r\n<HTML></HTML>", "web page")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "AccessDenied")]
    [InlineData("\u00ff\u00fe<\0h\0t\0m\0l\0>\0", "web page")]
    [InlineData("\u00ef\u00bb\u00bfversion https://git-lfs.github.com/spec/v1\n", "Git LFS")]
    [InlineData("{\"error\":\"Repository not found\"}", "a message of the server: {\"error\":\"Repository not found\"}")]
    [InlineData("{\"data\":{\"detail\":\"not found\"}}", "not found")]
    [InlineData("Access to model X is restricted. You must be\nauthenticated.", "a message of the server: Access to model X is restricted. You must be authenticated.")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "only zeros: the download is not complete")]
    [InlineData("7z\u00bc\u00af\u0027\u001c\0\u0004", "7z archive")]
    [InlineData("\u0089PNG\r\n\u001a\n\0\0", "a picture (PNG)")]
    [InlineData("GGUF\u0003\u0000\u0000\u0000\u0000", "GGUF")]
    [InlineData("\u0080\u0003}q\u0000.", "torch.save")]
    public void Open_OfWhatPeopleHaveInsteadOfACheckpoint_SaysWhatItIs(string content, string expected)
    {
        File.WriteAllBytes(_folder["model.ckpt"], Encoding.Latin1.GetBytes(content));
        AssertRefused(_folder["model.ckpt"], expected);
    }

    /// <summary>All the ways in which a pickle can call.</summary>
    private static IEnumerable<string> Calls(string module, string name, string operation) =>
        [$"c{module}\n{name}\n(S'echo'\nt{operation}", $"(S'echo'\ni{module}\n{name}\n", $"(c{module}\n{name}\nS'echo'\no", $"S'{module}'\nS'{name}'\n\u0093(S'echo'\nt{operation}", $"c{module}\n{name}\n}}b"];

    private static Dictionary<string, Tensor> Numbers() => new()
    {
        ["float"] = arange(12, ScalarType.Float32).reshape(3, 4), ["half"] = tensor([1.5f, -2]).to(ScalarType.Float16), ["bfloat"] = tensor([0.25f]).to(ScalarType.BFloat16),
        ["double"] = tensor([1.0 / 3]), ["long"] = tensor(-5L), ["empty"] = zeros(0, 3), ["ключ"] = ones(2, 1),
    };

    private static int Find(byte[] bytes, string text, int from) => bytes.AsSpan(from).IndexOf(Encoding.Latin1.GetBytes(text)) + from;

    private static byte[] Bytes(Tensor tensor) => tensor.numel() == 0 ? [] : tensor.contiguous().bytes.ToArray();

    private static void AssertSame(Dictionary<string, Tensor> expected, CheckpointFiles files)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), files.Shapes.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, pair =>
        {
            var actual = files.Read(pair.Key);
            Assert.Equal((pair.Value.dtype, string.Join(", ", pair.Value.shape)), (actual.dtype, string.Join(", ", actual.shape)));
            Assert.Equal(Bytes(pair.Value), Bytes(actual));
        });
    }

    private static void AssertRefused(string path, params string[] expected)
    {
        var e = Assert.Throws<CheckpointException>(() => CheckpointFiles.Open(path).Dispose());
        Assert.Equal(path, e.File);
        Assert.All(expected, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
    }

    private string Write(string container, PickleBytes pickle) => container switch
    {
        "zip" => pickle.WriteZip(_folder["model.ckpt"]),
        "deflated" => pickle.WriteZip(_folder["model.ckpt"], CompressionLevel.Fastest),
        _ => pickle.WriteLegacy(_folder["model.ckpt"]),
    };
}
