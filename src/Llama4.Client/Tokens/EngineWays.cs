using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>How a gateway reaches the engine of one replica, whichever host has it at the time.</summary>
internal interface IEngineWay
{
    /// <inheritdoc cref="IEngineGrain.SubmitAsync"/>
    Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway);

    /// <inheritdoc cref="IEngineGrain.PollAsync"/>
    Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged);

    /// <inheritdoc cref="IEngineGrain.CancelAsync"/>
    Task CancelAsync(HostId engine, Guid request);

    /// <inheritdoc cref="IEngineGrain.StatusAsync"/>
    Task<EngineStatus> StatusAsync(HostId engine);

    /// <summary>No answer came in time: the next call takes another way, if there is one.</summary>
    void Avoid();
}

/// <summary>
/// From a client without a silo: through a door on some silo. Orleans sends all calls to one grain through the same silo, also when nothing comes back that
/// way for many seconds, as after a link was cut and healed; another door is another grain.
/// </summary>
internal sealed class DoorWay(IGrainFactory grains, int replica) : IEngineWay
{
    private long _door = Random.Shared.Next(Doors.Count);

    public Task<SubmitResult> SubmitAsync(HostId engine, GenerateRequest request, Guid gateway) => Door.SubmitAsync(replica, engine, request, gateway).AsTask();

    public Task<EngineAnswer> PollAsync(HostId engine, Guid gateway, Guid outbox, long acknowledged) =>
        Door.PollAsync(replica, engine, gateway, outbox, acknowledged).AsTask();

    public Task CancelAsync(HostId engine, Guid request) => Door.CancelAsync(replica, engine, request).AsTask();

    public Task<EngineStatus> StatusAsync(HostId engine) => Door.StatusAsync(replica, engine).AsTask();

    public void Avoid() => Interlocked.Increment(ref _door);

    private IEngineDoorGrain Door => grains.GetEngineDoor(Volatile.Read(ref _door));
}
