using System.Diagnostics;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Programs that a test runs, to their end or until it is over.</summary>
internal static class Programs
{
    /// <param name="environment">Added to this process's.</param>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string name, string[] arguments, TimeSpan limit, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(name, arguments, environment);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(limit);
            return (process.ExitCode, await output.WaitAsync(limit), await error.WaitAsync(limit));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public static Process Start(string name, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        return Process.Start(start)!;
    }
}
