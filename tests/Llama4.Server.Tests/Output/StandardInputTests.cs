using System.Diagnostics;
using Llama4.Server.Output;

namespace Llama4.Server.Tests.Output;

public sealed class StandardInputTests
{
    /// <summary>Far beyond what a start takes, so that a hang fails and noise does not.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("<&-", "")]
    [InlineData("</dev/null", "")]
    [InlineData("<<< '{\"text\":\"Hello\"}'", "{\"ids\":[1493]}\n")]
    public async Task Tokenize_OfAnInputThatIsClosedOrNot_Ends(string input, string output)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "there is no /bin/bash to close an input");
        var (file, first) = OwnCommand.Executable;
        var start = new ProcessStartInfo("/bin/bash", ["-c", $"exec \"$0\" \"$@\" {input}", file, .. first, "tokenize", "--tokenizer", BundledModel.Directory])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            (await process.StandardOutput.ReadToEndAsync(limit.Token)).ShouldBe(output);
            (await process.StandardError.ReadToEndAsync(limit.Token)).ShouldBe("");
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        process.ExitCode.ShouldBe(CommandLine.Success);
    }
}
