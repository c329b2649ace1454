using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Server.Operation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ControlNetSharp.Server.Work;

/// <summary>The devices of this process: an engine each, and the workers that bring it jobs.</summary>
internal static class WorkerParts
{
    /// <summary>
    /// Adds an engine and its workers for each device. The engine of the first device is the one that routes look
    /// files up with.
    /// </summary>
    public static IServiceCollection AddWorkers(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton<IJobHandler, GenerationJob>();
        services.AddSingleton<IJobHandler, AnnotationJob>();
        services.AddSingleton<IJobHandler, UpscaleJob>();
        services.AddSingleton<IJobHandler, EvaluationJob>();
        services.AddSingleton<IJobHandler, TrainingJob>();
        foreach (var (index, device) in settings.Devices.Index())
        {
            if (index == 0)
            {
                services.AddSingleton(all => EngineFor(all, settings, device));
            }
            else
            {
                services.AddKeyedSingleton(device, (all, _) => EngineFor(all, settings, device));
            }

            for (var i = 0; i < settings.Workers; i++)
            {
                var worker = WorkerSettings.ForThisProcess(device);
                services.AddSingleton(worker);
                services.AddSingleton<IHostedService>(all =>
                    WorkerFor(
                        all,
                        services,
                        worker,
                        index == 0
                            ? all.GetRequiredService<ControlNetEngine>()
                            : all.GetRequiredKeyedService<ControlNetEngine>(device)
                    )
                );
            }
        }

        return services;
    }

    private static ControlNetEngine EngineFor(IServiceProvider all, ServerSettings settings, string device)
    {
        var engine = new ControlNetEngine(
            new EngineOptions
            {
                Device = device,
                Dtype = settings.Dtype,
                ModelFolders = [.. settings.Models, all.GetRequiredService<TrainingPlaces>().Trainings],
                ModelSources = [.. all.GetServices<IModelSource>()],
                AllowPaths = false,
                IdleMemory = settings.IdleMemory,
                PreviewDecoders = settings.PreviewDecoders,
            }
        );
        all.GetRequiredService<Measures>().Add(engine);
        return engine;
    }

    private static JobWorker WorkerFor(
        IServiceProvider all,
        IServiceCollection services,
        WorkerSettings worker,
        ControlNetEngine engine
    )
    {
        var own = new DeviceServices(all, engine);
        IJobHandler[] handlers =
        [
            .. services
                .Where(service => service.ServiceType == typeof(IJobHandler))
                .Select(handler => (IJobHandler)ActivatorUtilities.CreateInstance(own, handler.ImplementationType!)),
        ];
        return ActivatorUtilities.CreateInstance<JobWorker>(own, handlers, worker);
    }

    /// <summary>All services, and the engine of one device.</summary>
    private sealed class DeviceServices(IServiceProvider all, ControlNetEngine engine) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(ControlNetEngine) ? engine : all.GetService(serviceType);
    }
}
