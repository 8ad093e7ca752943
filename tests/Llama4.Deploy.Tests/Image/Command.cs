using System.Diagnostics;

namespace Llama4.Deploy.Tests.Image;

/// <summary>A program run to its end.</summary>
/// <param name="ExitCode">As the program said.</param>
/// <param name="Output">Its stdout, trimmed.</param>
/// <param name="Error">Its stderr, trimmed.</param>
internal sealed record Command(int ExitCode, string Output, string Error)
{
    /// <summary>A script's way to say that this machine lacks what it needs; the reason is on stderr.</summary>
    public const int NotHere = 3;

    /// <summary>Whether the program is on the PATH or in the folders for administration, which not every PATH has.</summary>
    public static bool IsThere(string program) => Machine.HasProgram(program) || File.Exists(Path.Combine("/usr/sbin", program));

    /// <summary>Runs it in the checkout.</summary>
    /// <exception cref="TimeoutException">It had not ended within <paramref name="limit"/> and was killed, with what it started.</exception>
    public static async Task<Command> RunAsync(TimeSpan limit, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Golden.Checkout, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // no build server is left behind, which would keep the pipes open
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var end = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} had not ended within {limit.TotalSeconds} s: {await output}{await error}");
        }

        return new Command(process.ExitCode, (await output).Trim(), (await error).Trim());
    }

    /// <summary>As <see cref="RunAsync"/>, and the test fails with what the program said unless it ends with 0, or is skipped with the reason where this machine lacks something.</summary>
    public static async Task<string> OutputAsync(TimeSpan limit, string program, params string[] arguments)
    {
        var ended = await RunAsync(limit, program, arguments);
        Assert.SkipWhen(ended.ExitCode == NotHere, ended.Error);
        ended.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}{Environment.NewLine}{ended.Output}{Environment.NewLine}{ended.Error}");
        return ended.Output;
    }
}
