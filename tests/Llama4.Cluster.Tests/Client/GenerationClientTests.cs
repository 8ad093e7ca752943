using System.Reflection;
using System.Runtime.CompilerServices;
using Llama4.Cluster.Client;
using Orleans;

namespace Llama4.Cluster.Tests.Client;

public sealed class GenerationClientTests
{
    /// <summary>Orleans holds observers weakly: a client that nobody else holds must hear its chunks all the same.</summary>
    [Fact]
    public void Client_ThatNobodyHolds_LivesUntilItIsDisposed()
    {
        var client = Made();
        Collect();
        client.IsAlive.ShouldBeTrue();

        Dispose(client);
        Collect();
        client.IsAlive.ShouldBeFalse();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Made() => new(new GenerationClient(DispatchProxy.Create<IGrainFactory, NoGrains>()));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Dispose(WeakReference client) => ((IDisposable)client.Target!).Dispose();

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    /// <summary>A grain factory that makes nothing.</summary>
    public class NoGrains : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => null;
    }
}
