using System.Diagnostics;

namespace Llama4.Telemetry.Tests.Metrics;

public sealed class ScrapeTests(ScrapedCluster cluster) : IClassFixture<ScrapedCluster>
{
    [Fact]
    public async Task Metrics_OfEveryDoor_SatisfyPromtool()
    {
        Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");
        Assert.SkipUnless(OwnProcess.IsInstalled("promtool"), "promtool is not installed");
        await cluster.LoadAsync(requests: 2);
        using var http = new HttpClient();
        foreach (var door in cluster.Doors.Append(cluster.Gateway))
        {
            var text = await http.GetStringAsync(new Uri(door, "metrics"));
            var (complaints, code) = await CheckAsync(text);
            complaints.ShouldBe("", $"{door}");
            code.ShouldBe(0, $"{door}");
        }
    }

    private static async Task<(string Complaints, int Code)> CheckAsync(string metrics)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        var complaints = await promtool.StandardError.ReadToEndAsync() + await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (complaints, promtool.ExitCode);
    }
}
