namespace ControlNetSharp.Server.Work;

/// <summary>Who a worker is.</summary>
/// <param name="Name">Unlike those of all others at the same store.</param>
internal sealed record WorkerSettings(string Name)
{
    /// <summary>A name that says where it runs.</summary>
    public static WorkerSettings ForThisProcess(string device) =>
        new($"{Environment.MachineName}/{Environment.ProcessId}/{device}/{Guid.NewGuid().ToString("N")[..6]}");
}
