namespace ControlNetSharp.Server.Tests.Jobs;

public sealed class SqliteJobStoreTests : JobStoreTests, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override Task<string> PlaceAsync(string name) => Task.FromResult(_folder[name + ".db"]);
}
