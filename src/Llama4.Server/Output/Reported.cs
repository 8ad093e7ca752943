namespace Llama4.Server.Output;

/// <summary>Passes progress on at once, on the thread that reports it: the framework's own Progress would queue it.</summary>
internal sealed class Reported(Action<double> report) : IProgress<double>
{
    public void Report(double value) => report(value);
}
