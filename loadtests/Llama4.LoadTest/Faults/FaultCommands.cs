using System.Diagnostics;

namespace Llama4.LoadTest.Faults;

/// <summary>Runs the commands of a script by the shell, each at its time whether the one before has ended or not.</summary>
/// <param name="variables">Of their environment: PID1, PID2 ... of the processes that were started.</param>
internal sealed class FaultCommands(IReadOnlyList<ScheduledFault> faults, IReadOnlyDictionary<string, string> variables, FaultGaps gaps, RunClock clock)
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(120);

    /// <param name="over">The load is over: what has not begun is not done.</param>
    public Task RunAsync(CancellationToken over) => Task.WhenAll(faults.Select(fault => RunAsync(fault, over)));

    private async Task RunAsync(ScheduledFault fault, CancellationToken over)
    {
        try
        {
            await clock.UntilAsync(fault.At, over);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var number = gaps.Begin(clock.Now, fault.Command);
        var start = new ProcessStartInfo("/bin/sh", ["-c", fault.Command]); // writes where this program writes
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var shell = Process.Start(start)!;
        using var limit = new CancellationTokenSource(CommandLimit);
        try
        {
            await shell.WaitForExitAsync(limit.Token);
            gaps.Done(number, shell.ExitCode, null);
        }
        catch (OperationCanceledException)
        {
            shell.Kill(entireProcessTree: true);
            gaps.Done(number, -1, $"was not over after {CommandLimit.TotalSeconds:0} s, and killed");
        }
    }
}
