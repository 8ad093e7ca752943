using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llama4.Compute.Tests.Bits;

/// <summary>
/// The workload in a process of its own, whose runtime is told to do without some instructions. The child is this test
/// executable with one test, <see cref="SameBitsEverywhereTests.Workload_InOneProcess_HasOneHash"/>, which leaves what it
/// ran with and the hash in the file it is given.
/// </summary>
internal static class WorkloadProcess
{
    private const string AnswerFile = "LLAMA4_COMPUTE_TESTS_ANSWER";

    /// <param name="Instructions">What the runtime accelerates.</param>
    /// <param name="Device">The name of the device's instruction set.</param>
    /// <param name="Hash">Over all output bits.</param>
    public sealed record Answer(string Instructions, string Device, string Hash);

    public static async Task<Answer> RunAsync(string without)
    {
        string file = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!)
            {
                ArgumentList = { "-method", $"*.{nameof(SameBitsEverywhereTests.Workload_InOneProcess_HasOneHash)}" },
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment[AnswerFile] = file;
            start.Environment[without] = "0";
            using Process child = Process.Start(start)!;
            Task<string> error = child.StandardError.ReadToEndAsync();
            string output = await child.StandardOutput.ReadToEndAsync();
            await child.WaitForExitAsync();
            child.ExitCode.ShouldBe(0, $"{without}=0: {output}{await error}");
            string[] lines = await File.ReadAllLinesAsync(file);
            lines.Length.ShouldBe(3, $"{without}=0: {output}");
            return new Answer(lines[0], lines[1], lines[2]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>In the child: leaves the answer; anywhere else it does nothing.</summary>
    public static void Reply(string device, string hash)
    {
        if (Environment.GetEnvironmentVariable(AnswerFile) is { } file)
        {
            File.WriteAllLines(file, [Instructions, device, hash]);
        }
    }

    private static string Instructions =>
        $"{(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0)} bits, "
        + (Fma.IsSupported ? "fused" : "not fused");
}
