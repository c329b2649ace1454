using ControlNetSharp.Engine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Xunit;

namespace ControlNetSharp.Tests.Hosting;

public class ControlNetServicesTests
{
    [Fact]
    public async Task Engine_IsOneForTheProgram_WithTheOptionsThatWereSet()
    {
        await using var services = new ServiceCollection().AddLogging().Also(s => s.AddControlNet(o => o.Threads = 1)).BuildServiceProvider();

        var engine = services.GetRequiredService<ControlNetEngine>();

        Assert.Equal(1, engine.Options.Threads);
        Assert.Same(engine, services.GetRequiredService<ControlNetEngine>());
    }

    [Fact]
    public void Options_ThatAreWrong_AreAllNamed()
    {
        using var services = new ServiceCollection()
            .Also(s => s.AddControlNet(o => (o.Device, o.Threads) = ("abacus", 0)).Configure(o => o.ModelFolders.Add("/none/such")))
            .BuildServiceProvider();

        var e = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<ControlNetEngine>());

        Assert.Contains(e.Failures, failure => failure.Contains("Threads", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Device", "abacus")]
    [InlineData("Dtype", "fp4")]
    [InlineData("ModelFolders:0", "/none/such")]
    public void Option_FromConfigurationThatIsWrong_IsNamedWithItsValue(string key, string value)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["ControlNet:" + key] = value })
            .Build();
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .Also(s => s.AddControlNet().BindConfiguration("ControlNet"))
            .BuildServiceProvider();

        var e = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<ControlNetEngine>());

        Assert.Contains(e.Failures, failure => failure.Contains(value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_IsTold()
    {
        await using var services = new ServiceCollection().AddLogging().Also(s => s.AddControlNet()).BuildServiceProvider();

        var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HealthStatus.Healthy, report.Entries[ControlNetServices.HealthCheck].Status);
    }
}

internal static class Chaining
{
    /// <summary>Goes on with the services, where a method returns something else.</summary>
    public static IServiceCollection Also(this IServiceCollection services, Action<IServiceCollection> add)
    {
        add(services);
        return services;
    }
}
