using ControlNetSharp.Measuring;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet doctor</c>: what this machine can do.</summary>
internal static class DoctorCommand
{
    // GFLOP of a step: UNet and one ControlNet at 512 x 512, each for both sides of the guidance.
    private const double StepGflop = 2144;

    // What sampling reaches of the matmul peak on a CPU.
    private const double Reached = 0.6;

    public static void Run(CommandOutput output, bool json)
    {
        NativeLibraries.EnsureLoaded();
        var placement = PlacementPolicy.Choose("cpu", "auto");
        var convolutions = ConvolutionCheck.Report;
        var fp32 = MatmulPeak.Measure(Placement.Cpu32, 2048);
        var chosen = placement.Dtype == ScalarType.Float32 ? fp32 : MatmulPeak.Measure(placement, 2048);
        var report = new
        {
            device = cuda.is_available() ? $"cpu, {cuda.device_count()} GPU" : "cpu",
            cores = Environment.ProcessorCount,
            threads = get_num_threads(),
            dtype = placement.Dtype.ToString(),
            bf16InHardware = PlacementPolicy.CpuHasBf16,
            int8 = Int8Check.Fault is null,
            libtorch = __version__,
            convolutions = new
            {
                state = convolutions.State.ToString().ToLowerInvariant(),
                reason = convolutions.Reason,
            },
            gflopsFp32 = fp32,
            gflopsDtype = chosen,
            memoryBytes = MachineMemory.TotalBytes,
            expectedSecondsPerStep = StepGflop / chosen / Reached,
            nativeFiles = NativeLibraries.LoadLog,
        };
        if (json)
        {
            output.WriteJson(report);
            return;
        }

        output.Result.WriteLine($"device     {report.device}, {report.cores} cores, {report.threads} threads");
        output.Result.WriteLine(
            $"dtype      {report.dtype} (bf16 in hardware: {Word(report.bf16InHardware)}, int8: {Word(report.int8)})"
        );
        output.Result.WriteLine($"libtorch   {report.libtorch}");
        output.Result.WriteLine($"convolve   {report.convolutions.state}: {report.convolutions.reason}");
        output.Result.WriteLine($"matmul     {fp32:f0} GFLOP/s in fp32, {chosen:f0} in {report.dtype}");
        output.Result.WriteLine($"memory     {report.memoryBytes / 1e9:f1} GB");
        output.Result.WriteLine(
            $"SD 1.5     about {report.expectedSecondsPerStep:f0} s a step at 512 x 512 with one ControlNet"
        );
        foreach (var line in NativeLibraries.LoadLog)
        {
            output.Result.WriteLine($"native     {line}");
        }
    }

    private static string Word(bool isSo) => isSo ? "yes" : "no";
}
