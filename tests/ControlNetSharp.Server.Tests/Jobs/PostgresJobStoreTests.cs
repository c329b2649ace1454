namespace ControlNetSharp.Server.Tests.Jobs;

public sealed class PostgresJobStoreTests(PostgresServer server) : JobStoreTests
{
    private readonly Dictionary<string, string> _places = [];

    protected override async Task<string> PlaceAsync(string name)
    {
        if (!_places.TryGetValue(name, out var place))
        {
            _places[name] = place = await server.NewDatabaseAsync();
        }

        return place;
    }
}
