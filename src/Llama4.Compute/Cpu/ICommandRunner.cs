namespace Llama4.Compute.Cpu;

/// <summary>Runs one command on the device's threads and returns when it is done.</summary>
internal interface ICommandRunner : IDisposable
{
    void Run(ref Command command);
}
