namespace Llama4.Compute.Cpu;

/// <summary>
/// Reuses tensor handles. They rest before they are reused, so that a stale handle is most probably still closed
/// when it is used, and its use throws instead of reading another tensor. The device calls it under its lock.
/// </summary>
internal sealed class HandlePool(CpuDevice device)
{
    private const int Resting = 256;

    private readonly Queue<CpuTensor> _handles = new(Resting * 2);

    public CpuTensor Rent() => _handles.Count > Resting ? _handles.Dequeue() : new CpuTensor(device);

    public void Return(CpuTensor handle) => _handles.Enqueue(handle);
}
