using System.Diagnostics;

namespace Llama4.Gateway.Tests.Clients;

/// <summary>A client that is a program of its own.</summary>
internal static class ClientProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Whether a missing program is a failure: the build machine must have them all.</summary>
    public static bool MustBeThere => Environment.GetEnvironmentVariable("CI") == "true";

    public static bool IsThere(string program) => Machine.HasProgram(program) || Machine.HasProgram($"{program}.exe");

    /// <summary>Skips the test where the program is missing, but on the build machine.</summary>
    public static void Require(string program) => Assert.SkipUnless(IsThere(program) || MustBeThere, $"needs {program}, which is not on the PATH");

    /// <summary>Runs to the end; the exit code, and both streams together.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, string folder, params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.Start();
        using var deadline = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
