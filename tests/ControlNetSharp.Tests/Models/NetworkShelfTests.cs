using ControlNetSharp.Models;
using TorchSharp;
using Xunit;

namespace ControlNetSharp.Tests.Models;

public class NetworkShelfTests
{
    private static readonly CancellationToken Now = TestContext.Current.CancellationToken;

    [Fact]
    public void SharedLeases_HaveOneNetwork_WhichStaysWhenTheyAreBack()
    {
        using var shelf = new NetworkShelf();
        var loads = 0;
        Fake Load()
        {
            loads++;
            return new Fake();
        }

        using (var first = shelf.Rent(Key("a"), Load, Size, Now))
        using (var second = shelf.Rent(Key("a"), Load, Size, Now))
        {
            Assert.Same(first.Value, second.Value);
        }

        using var third = shelf.Rent(Key("a"), Load, Size, Now);
        Assert.False(third.Value.IsDisposed);
        Assert.Equal(1, loads);
    }

    [Theory]
    [InlineData("b", "cpu", 1)]
    [InlineData("a", "cuda:0", 1)]
    [InlineData("a", "cpu", 2)]
    public void AnotherFileDeviceOrTimeOfWriting_IsAnotherNetwork(string path, string device, int written)
    {
        using var shelf = new NetworkShelf();
        using var one = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        using var other = shelf.Rent(Key(path, device, written), () => new Fake(), Size, Now);
        Assert.NotSame(one.Value, other.Value);
    }

    [Fact]
    public async Task TwoCallersAtOnce_LoadOnce()
    {
        using var shelf = new NetworkShelf();
        using var bothAsked = new CountdownEvent(2);
        var loads = 0;
        var tasks = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                bothAsked.Signal();
                bothAsked.Wait(Now);
                using var lease = shelf.Rent(Key("a"), Load, Size, Now);
                return lease.Value;
            },
            Now, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        var networks = await Task.WhenAll(tasks);
        Assert.Same(networks[0], networks[1]);
        Assert.Equal(1, loads);

        Fake Load()
        {
            Interlocked.Increment(ref loads);
            return new Fake();
        }
    }

    [Fact]
    public void Load_ThatThrows_LeavesNoEntry()
    {
        using var shelf = new NetworkShelf(budget: 100);
        Func<Fake> load = () => throw new InvalidDataException();
        Assert.Throws<InvalidDataException>(() => shelf.Rent(Key("a"), load, Size, Now));
        Assert.Equal(0, shelf.Bytes);
        using var lease = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        Assert.False(lease.Value.IsDisposed);
    }

    [Fact]
    public void Size_ThatThrows_DisposesTheNetwork()
    {
        using var shelf = new NetworkShelf();
        var network = new Fake();
        Func<Fake, long> size = _ => throw new InvalidDataException();
        Assert.Throws<InvalidDataException>(() => shelf.Rent(Key("a"), () => network, size, Now));
        Assert.True(network.IsDisposed);
        Assert.Equal(0, shelf.Bytes);
    }

    [Fact]
    public void Budget_EvictsTheLeastRecentlyUsed_BeforeTheNextIsLoaded()
    {
        using var shelf = new NetworkShelf(budget: 30);
        var (a, b) = (Used(shelf, "a"), Used(shelf, "b"));
        Used(shelf, "c");
        Used(shelf, "a");
        using var d = shelf.Rent(
            Key("d"),
            () =>
            {
                Assert.True(b.IsDisposed, "b was used least recently and must be gone before d is loaded.");
                return new Fake();
            },
            Size, Now);
        Assert.False(a.IsDisposed);
        Assert.Equal(30, shelf.Bytes);
    }

    [Fact]
    public void Budget_CountsWhatANetworkTakesInMemory()
    {
        using var shelf = new NetworkShelf(budget: 30);
        var a = Used(shelf, "a");
        using var large = shelf.Rent(Key("large"), () => new Fake(), _ => 25, Now);
        Assert.True(a.IsDisposed);
        Assert.Equal(25, shelf.Bytes);
    }

    [Fact]
    public void LeasedNetworks_StayBeyondTheBudget()
    {
        using var shelf = new NetworkShelf(budget: 5);
        using var a = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        using var b = shelf.Rent(Key("b"), () => new Fake(), Size, Now);
        Assert.False(a.Value.IsDisposed);
        Assert.False(b.Value.IsDisposed);
    }

    [Fact]
    public void WithoutBudget_OnlyTheLastUsedStaysBesideTheLeased()
    {
        using var shelf = new NetworkShelf();
        using var leased = shelf.Rent(Key("leased"), () => new Fake(), Size, Now);
        using var second = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        var (a, b) = (second.Value, Used(shelf, "b"));
        second.Dispose();
        using var d = shelf.Rent(Key("d"), () => new Fake(), Size, Now);
        Assert.Equal((false, false, true), (leased.Value.IsDisposed, a.IsDisposed, b.IsDisposed));
    }

    [Fact]
    public async Task ExclusiveLease_WaitsForTheSharedOnes_AndSharedOnesForIt()
    {
        using var shelf = new NetworkShelf();
        var events = new List<string>();
        var shared = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        using var hasIt = new ManualResetEventSlim();
        using var mayGo = new ManualResetEventSlim();
        var exclusive = Task.Factory.StartNew(
            () =>
            {
                using var lease = shelf.RentExclusive(Key("a"), () => new Fake(), Size, Now);
                Note("exclusive");
                hasIt.Set();
                mayGo.Wait(Now);
                Note("exclusive back");
            },
            Now, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Note("shared back");
        shared.Dispose();
        hasIt.Wait(Now);
        var next = Task.Factory.StartNew(
            () =>
            {
                using var lease = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
                Note("shared again");
            },
            Now, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.Throws<OperationCanceledException>(() => shelf.Rent(Key("a"), () => new Fake(), Size, cancelled.Token));
        mayGo.Set();
        await Task.WhenAll(exclusive, next);
        Assert.Equal(["shared back", "exclusive", "exclusive back", "shared again"], events);

        void Note(string what)
        {
            lock (events)
            {
                events.Add(what);
            }
        }
    }

    [Fact]
    public async Task Waiting_EndsWithCancellation_AndLeavesTheNetworkUsable()
    {
        using var shelf = new NetworkShelf();
        using var shared = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        using var cancel = new CancellationTokenSource();
        var waiting = Task.Factory.StartNew(
            () => shelf.RentExclusive(Key("a"), () => new Fake(), Size, cancel.Token),
            Now, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        using var second = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        Assert.Same(shared.Value, second.Value);
    }

    [Fact]
    public void Disposal_DisposesTheIdleNow_AndTheLeasedWhenTheyAreBack()
    {
        var shelf = new NetworkShelf(budget: 100);
        var idle = Used(shelf, "idle");
        var lease = shelf.Rent(Key("a"), () => new Fake(), Size, Now);
        var leased = lease.Value;
        shelf.Dispose();
        Assert.Equal((true, false), (idle.IsDisposed, leased.IsDisposed));
        lease.Dispose();
        lease.Dispose();
        Assert.True(leased.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => shelf.Rent(Key("a"), () => new Fake(), Size, Now));
        Assert.Throws<ObjectDisposedException>(() => lease.Value);
    }

    [Fact]
    public void NetworkThatWasLoadedForADisposedShelf_IsDisposed()
    {
        var shelf = new NetworkShelf();
        var network = new Fake();
        Assert.Throws<ObjectDisposedException>(() => shelf.Rent(
            Key("a"),
            () =>
            {
                shelf.Dispose();
                return network;
            },
            Size, Now));
        Assert.True(network.IsDisposed);
    }

    private static Fake Used(NetworkShelf shelf, string path)
    {
        using var lease = shelf.Rent(Key(path), () => new Fake(), Size, Now);
        return lease.Value;
    }

    private static long Size(Fake network) => 10;

    private static NetworkKey Key(string path, string device = "cpu", int written = 1) =>
        new(new FileStamp(path, 10, new DateTime(written, DateTimeKind.Utc)), device, "fp32");

    private sealed class Fake : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose()
        {
            Assert.False(IsDisposed, "The shelf disposed a network twice.");
            IsDisposed = true;
        }
    }
}
