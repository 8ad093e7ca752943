using Llama4.Cluster;
using Llama4.Cluster.Agents;
using Llama4.Contracts;
using Orleans;
using Orleans.Runtime;

namespace Llama4.Simulation;

/// <summary>Grains as one process sees them: each lives on the host that its key names, and is reached over the network.</summary>
internal sealed class SimulatedGrains(SimulatedCluster cluster, SimulatedProcess process) : IGrainFactory
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(Type, string), IGrain> _known = [];

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey
    {
        if (!_known.TryGetValue((typeof(TGrainInterface), primaryKey), out var grain))
            _known.Add((typeof(TGrainInterface), primaryKey), grain = Make(typeof(TGrainInterface), primaryKey));
        return (TGrainInterface)grain;
    }

    /// <summary>Asks a host and waits for its answer.</summary>
    public ValueTask<T> AskAsync<T>(HostId host, TimeSpan timeout, Func<SimulatedHost, ValueTask<T>> call)
    {
        var target = cluster.Host(host);
        return new ValueTask<T>(cluster.Network.AskAsync(process, target.Process, timeout > LongestTimer ? LongestTimer : timeout, () => call(target).AsTask()));
    }

    public async ValueTask AskAsync(HostId host, TimeSpan timeout, Func<SimulatedHost, ValueTask> call) =>
        await AskAsync(host, timeout, async target =>
        {
            await call(target);
            return true;
        });

    public ValueTask TellAsync(HostId host, Func<SimulatedHost, ValueTask> call)
    {
        var target = cluster.Host(host);
        cluster.Network.Tell(process, target.Process, () => _ = call(target));
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether a call to this host is a message.</summary>
    public bool IsElsewhere(HostId host) => cluster.Host(host).Process != process;

    private IGrain Make(Type type, string key) =>
        type == typeof(IHostGrain) ? new HostProxy(this, new HostId(key))
        : type == typeof(IEngineGrain) ? new EngineProxy(this, GrainNames.HostOf(key), GrainNames.Number(key))
        : type == typeof(ICoordinatorGrain) ? new CoordinatorProxy(this, GrainNames.HostOf(key), GrainNames.Split(key))
        : type == typeof(IAttentionGrain) ? new AttentionProxy(this, GrainNames.HostOf(key), GrainNames.Split(key))
        : type == typeof(IExpertGroupGrain) ? new ExpertGroupProxy(this, GrainNames.HostOf(key), GrainNames.Split(key))
        : type == typeof(IVocabularyGrain) ? new VocabularyProxy(this, GrainNames.HostOf(key))
        : throw Unused();

    private static NotSupportedException Unused() => new("the simulated cluster has no such grain");

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidKey => throw Unused();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey => throw Unused();

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidCompoundKey => throw Unused();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerCompoundKey => throw Unused();

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver => throw Unused();

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver => throw Unused();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw Unused();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw Unused();

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw Unused();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw Unused();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw Unused();

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey) => throw Unused();

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw Unused();

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable => throw Unused();

    public IAddressable GetGrain(GrainId grainId) => throw Unused();

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw Unused();
}
