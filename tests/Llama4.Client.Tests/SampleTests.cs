using System.Diagnostics;

namespace Llama4.Client.Tests;

[Collection(nameof(OneHost))]
public class SampleTests(OneHost host)
{
    private static readonly string Folder = Path.Combine(Golden.Checkout, "samples", "Llama4.Client.Sample");
    private static readonly string Program = Path.Combine(Folder, "Program.cs");

    [Fact]
    public async Task Sample_AsksAndPrintsTheAnswer()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Folder, "bin", OneHost.Configuration, "net10.0", "Llama4.Client.Sample.dll"), host.Address.ToString()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var sample = Process.Start(start)!;
        var errors = sample.StandardError.ReadToEndAsync();
        var output = await sample.StandardOutput.ReadToEndAsync().WaitAsync(OneHost.Limit);
        await sample.WaitForExitAsync().WaitAsync(OneHost.Limit);

        output.ShouldContain("Paris", customMessage: await errors);
        sample.ExitCode.ShouldBe(0);
    }

    /// <summary>What is read is what is run.</summary>
    [Theory]
    [InlineData("README.md")]
    [InlineData("src", "Llama4.Client", "README.md")]
    public async Task Sample_IsTheOneInTheReadme(params string[] path) =>
        (await File.ReadAllTextAsync(Path.Combine([Golden.Checkout, .. path]))).ShouldContain($"```csharp\n{(await File.ReadAllTextAsync(Program)).Trim()}\n```");

    [Fact]
    public void Sample_HasTenLines() => File.ReadLines(Program).Count(line => line.Length > 0).ShouldBeLessThanOrEqualTo(10);
}
