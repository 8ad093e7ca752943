using System.CommandLine;
using Llama4.LoadTest.Verbs;

namespace Llama4.LoadTest;

/// <summary>The command line: its verbs, and what becomes of mistakes.</summary>
internal static class CommandLine
{
    public const int Success = 0;

    /// <summary>A promise was not kept, or the run failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line or a file was wrong; one line on stderr says how.</summary>
    public const int Usage = 2;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Open-loop load tests of OpenAI-compatible servers: arrivals do not wait for answers.")
        {
            RunVerb.Create(output, error),
            RampVerb.Create(output, error),
            SoakVerb.Create(output, error),
            ChaosVerb.Create(output, error),
            CompareVerb.Create(output),
            ReportVerb.Create(output),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"error: {parsed.Errors[0].Message} See --help.");
            return Usage;
        }

        try
        {
            // An interrupt, or SIGTERM, ends a run early; it has as long to write its result.
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
        }
        catch (LoadTestException mistake)
        {
            error.WriteLine($"error: {mistake.Message}");
            return Usage;
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or UnauthorizedAccessException) // stopped before the load began; files of results that cannot be written
        {
            error.WriteLine($"error: {(failure is OperationCanceledException ? "stopped" : failure.Message)}");
            return Failure;
        }
    }
}
