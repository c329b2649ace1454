using System.Runtime.CompilerServices;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Server.Tests;

internal static class TestSetup
{
#pragma warning disable CA2255 // Tests touch torch before any type of the library does.
    [ModuleInitializer]
    internal static void LoadNativeLibraries() => NativeLibraries.EnsureLoaded();
#pragma warning restore CA2255
}
