using System.Globalization;
using Spectre.Console;

namespace Llama4.Server.Output;

/// <summary>What takes long says so, on stderr: a bar where a person watches, now and then a plain line elsewhere.</summary>
internal static class ProgressLine
{
    /// <summary>Between two plain lines, and before the first: what is done sooner says nothing, so that short runs leave no trace in logs.</summary>
    private static readonly TimeSpan PlainPause = TimeSpan.FromSeconds(5);

    /// <summary>Runs <paramref name="work"/>, which reports its share done, 0 to 1, from any thread.</summary>
    /// <param name="clock">Of the plain lines; the system's by default.</param>
    public static async Task<T> RunAsync<T>(Terminal terminal, string what, Func<Action<double>, Task<T>> work, TimeProvider? clock = null)
    {
        if (!terminal.ErrorIsTerminal)
        {
            return await work(PlainLines(terminal.Error, what, clock ?? TimeProvider.System));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        return await console.Progress()
            .AutoClear(true) // the result follows; a finished bar says nothing
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(what), maxValue: 1);
                return await work(share => task.Value = share);
            });
    }

    private static Action<double> PlainLines(TextWriter output, string what, TimeProvider clock)
    {
        var last = clock.GetTimestamp();
        var gate = new Lock();
        return share =>
        {
            lock (gate)
            {
                if (share < 1 && clock.GetElapsedTime(last) >= PlainPause)
                {
                    last = clock.GetTimestamp();
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {100 * share:0} %"));
                }
            }
        };
    }
}
