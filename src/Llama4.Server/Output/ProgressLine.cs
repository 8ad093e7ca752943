using Spectre.Console;

namespace Llama4.Server.Output;

/// <summary>What takes long says so, on stderr: a bar where a person watches, nothing that scrolls elsewhere.</summary>
internal static class ProgressLine
{
    /// <summary>Runs <paramref name="work"/>, which reports its share done, 0 to 1, from any thread.</summary>
    public static async Task<T> RunAsync<T>(Terminal terminal, string what, Func<Action<double>, Task<T>> work)
    {
        if (!terminal.ErrorIsTerminal)
        {
            return await work(_ => { });
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
}
