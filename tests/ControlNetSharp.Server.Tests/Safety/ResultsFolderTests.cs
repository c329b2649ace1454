using ControlNetSharp.Server.Jobs;
using Xunit;

namespace ControlNetSharp.Server.Tests.Safety;

public class ResultsFolderTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SymbolicLink_InTheFolder_IsNotFollowed(bool isFolder)
    {
        using var folder = new TemporaryFolder();
        var options = new JobStoreOptions { ResultsFolder = folder["results"] };
        await using var store = await JobStore.OpenAsync(folder["jobs.db"], options, Stop);
        var sha256 = await store.Blobs.PutAsync([1, 2, 3], "image/png", Stop);
        var path = Path.Combine(folder["results"], sha256[..2], sha256);
        var secret = Directory.CreateDirectory(folder["elsewhere"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(secret, sha256), "secret", Stop);
        if (isFolder)
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
            Directory.CreateSymbolicLink(Path.GetDirectoryName(path)!, secret);
        }
        else
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, Path.Combine(secret, sha256));
        }

        await Assert.ThrowsAsync<IOException>(() => store.Blobs.GetAsync(sha256, Stop));
        await Assert.ThrowsAsync<IOException>(() => store.Blobs.PutAsync([1, 2, 3], "image/png", Stop));
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public async Task Name_ThatIsNoDigest_FindsNothing(string name)
    {
        using var folder = new TemporaryFolder();
        await using var store = await JobStore.OpenAsync(
            folder["jobs.db"],
            new JobStoreOptions { ResultsFolder = folder["results"] },
            Stop
        );

        Assert.Null(await store.Blobs.GetAsync(name, Stop));
    }
}
