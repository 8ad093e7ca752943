namespace Llama4.Compute.Cpu;

/// <summary>
/// A bounded ring of commands with one consumer, the device thread. Producers are serialised by the device's lock.
/// A full ring makes the producer wait (it spins, then sleeps) until a quarter of the ring is free again:
/// <see cref="Capacity"/> commands are far more than a model's step, so this only bounds runaway callers.
/// </summary>
internal sealed class CommandQueue : IDisposable
{
    public const int Capacity = 4096;

    private readonly Command[] _ring = new Command[Capacity];
    private readonly Parking _consumer = new();
    private readonly Parking _producer = new();
    private long _written;
    private long _read;

    /// <summary>The next entry to fill; <see cref="Publish"/> hands it to the device thread.</summary>
    public ref Command Next()
    {
        if (_written - Volatile.Read(ref _read) >= Capacity)
        {
            _producer.Wait(this, static q => q._written - Volatile.Read(ref q._read) <= Capacity * 3 / 4);
        }

        return ref _ring[_written % Capacity];
    }

    public void Publish()
    {
        Volatile.Write(ref _written, _written + 1);
        _consumer.Wake();
    }

    /// <summary>Waits for the oldest command. It stays in the ring until <see cref="Remove"/>.</summary>
    public ref Command Take()
    {
        _consumer.Wait(this, static q => Volatile.Read(ref q._written) > q._read);
        return ref _ring[_read % Capacity];
    }

    public void Remove()
    {
        ref Command done = ref _ring[_read % Capacity];
        done.Object = null;
        done.Completion = null;
        done.Destination = default;
        done.Cancellation = default;
        Volatile.Write(ref _read, _read + 1);
        _producer.Wake();
    }

    public void Dispose()
    {
        _consumer.Dispose();
        _producer.Dispose();
    }
}
