using ControlNetSharp.Server.Operation;
using Xunit;

namespace ControlNetSharp.Server.Tests.Operation;

public class SettingTests
{
    [Fact]
    public void Flag_ComesBeforeVariable_BeforeFile_BeforeDefault()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder["s.json"],
            """{ "port": 1, "queue": 2, "keepDays": 3, "insecure": true, "models": ["a", "b"], /* why */ }"""
        );

        var (settings, problems) = Read(
            new() { ["port"] = ["11"] },
            new() { ["CONTROLNETSHARP_PORT"] = "21", ["CONTROLNETSHARP_QUEUE"] = "22", ["CONTROLNETSHARP_ALLOW_HOST"] = "x.example;y.example" },
            folder["s.json"]
        );

        Assert.Empty(problems);
        Assert.Equal((11, 22, 3), (settings.Port, settings.Queue.QueueBound, settings.Queue.RetentionAge!.Value.TotalDays));
        Assert.True(settings.IsInsecure);
        Assert.Equal(["a", "b"], settings.Models);
        Assert.Equal(["x.example", "y.example"], settings.Hosts);
        Assert.Equal("127.0.0.1", settings.Listen);
    }

    [Fact]
    public void EveryWrongValue_IsNamedByItsPlace()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["s.json"], """{ "prot": 1, "maxSteps": 0, "workers": {}, "keepBytes": "many" }""");

        var (_, problems) = Read(
            new() { ["port"] = ["99999"], ["auth"] = ["no colon"] },
            new() { ["CONTROLNETSHARP_LEASE"] = "soon" },
            folder["s.json"]
        );

        string[] places = [$"{folder["s.json"]}: prot:", $"{folder["s.json"]}: workers:", "port 99999:", "auth (not shown):", "CONTROLNETSHARP_LEASE soon:", $"{folder["s.json"]}: keepBytes many:", $"{folder["s.json"]}: maxSteps 0:"];
        Assert.Equal(places.Length, problems.Count);
        Assert.All(places, place => Assert.Contains(problems, problem => problem.StartsWith(place, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData(null)]
    public void File_ThatIsNoObject_IsAProblem(string? text)
    {
        using var folder = new TemporaryFolder();
        if (text is not null)
        {
            File.WriteAllText(folder["s.json"], text);
        }

        var (_, problems) = Read([], [], folder["s.json"]);

        Assert.StartsWith($"config {folder["s.json"]}", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("5k", 5 << 10)]
    [InlineData("64M", 64 << 20)]
    [InlineData("20G", 20L << 30)]
    [InlineData("2T", 2L << 40)]
    public void Bytes_HaveUnits(string text, long bytes) => Assert.Equal(bytes, SettingValue.Bytes(text));

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("9999999999T")]
    public void Bytes_ThatAreNone_AreRefused(string text) =>
        Assert.Throws<FormatException>(() => SettingValue.Bytes(text));

    [Fact]
    public void Rules_NameEverythingThatIsNotThere()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["keys"], "robot");
        var problems = SettingRules
            .Problems(
                new ServerSettings
                {
                    Models = [folder["no"]],
                    Devices = ["cpu", "tpu", "cpu"],
                    Dtype = "fp17",
                    Results = folder["keys"],
                    PreviewDecoders = [folder["no"]],
                    ApiKeyFile = folder["keys"],
                    Jobs = "Host=h;Nonsense=1",
                    Users = [new("a", "1"), new("a", "2")],
                }
            )
            .Select(problem => problem.Split([' ', ':'])[0])
            .ToList();

        Assert.Equal(
            ["auth", "api-key-file", "jobs", "models", "preview-decoder", "results", "device", "dtype", "device"],
            problems
        );
    }

    [Fact]
    public void Names_AreUnique_AndReadInThreeWays()
    {
        Assert.Equal(SettingTable.All.Count, SettingTable.All.Select(setting => setting.Key).Distinct().Count());
        var setting = SettingTable.All.Single(setting => setting.Name == "keep-days");
        Assert.Equal(("CONTROLNETSHARP_KEEP_DAYS", "keepDays"), (setting.Variable, setting.Key));
    }

    private static (ServerSettings Settings, IReadOnlyList<string> Problems) Read(
        Dictionary<string, string[]> flags,
        Dictionary<string, string> variables,
        string? file
    ) =>
        new SettingSources(
            SettingTable.All,
            setting => flags.GetValueOrDefault(setting.Name),
            variables.GetValueOrDefault,
            file
        ).Read(new ServerSettings());
}
