using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Llama4.Cluster.Hop;
using Llama4.Server.Hop;

namespace Llama4.Server.Tests.Hop;

public class HopBenchTests
{
    /// <summary>Both ends in this process; the figures themselves are a bench's business.</summary>
    [Fact]
    public async Task Run_BetweenTwoSilos_HasFiguresForEverySize()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        using var authority = new PassingAuthority();
        using var listener = Listening();
        using var secureListener = Listening();
        var serving = RawEcho.ServeAsync(listener, tls: null, limit.Token);
        var servingSecurely = RawEcho.ServeAsync(secureListener, authority.Sign("raw-far"), limit.Token);
        await using var near = await HopHost.StartAsync("near", null, tls: null, limit.Token);
        await using var far = await HopHost.StartAsync(FarEnd.Name, near.Endpoint, tls: null, limit.Token);
        using (var raw = await RawEcho.ConnectAsync((IPEndPoint)listener.LocalEndPoint!, tls: null, limit.Token))
        using (var rawSecured = await RawEcho.ConnectAsync((IPEndPoint)secureListener.LocalEndPoint!, authority.Sign("raw-near"), limit.Token))
        {
            await using var secureNear = await HopHost.StartAsync("near", null, authority.Sign("near"), limit.Token);
            await using var secureFar = await HopHost.StartAsync(FarEnd.Name, secureNear.Endpoint, authority.Sign("far"), limit.Token);
            var bench = new HopBench(
                await near.TargetAsync(FarEnd.Name, limit.Token), raw, await secureNear.TargetAsync(FarEnd.Name, limit.Token), rawSecured, TimeSpan.FromMilliseconds(50));

            var figures = await bench.RunAsync([10_000, 655_000], _ => { }, limit.Token);

            figures.Select(f => f.Bytes).ShouldBe([16, 10_000, 655_000]);
            figures.ShouldAllBe(f => f.Grain.Count >= 20 && f.Raw.Count >= 20 && f.Grain.Percentile(0.5) > 0);
            figures[0].Busy.ShouldNotBeNull();
            figures.ShouldAllBe(f => f.Tls!.Count >= 20 && f.RawTls!.Count >= 20);
            Json(figures).RootElement[1].GetProperty("raw_tls_p50_us").GetDouble().ShouldBeGreaterThan(0);
            Json(figures).RootElement[1].GetProperty("tls_p50_us").GetDouble().ShouldBeGreaterThan(0);
            Json(figures).RootElement[2].GetProperty("grain_p50_us").GetDouble().ShouldBeGreaterThan(0);
        }
        await Task.WhenAll(serving, servingSecurely); // the clients are gone: the echoes end
    }

    [Fact]
    public async Task Percentile_OfKnownTimes_IsTheNearestRank()
    {
        var latencies = new Latencies();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await latencies.MeasureAsync(() => ValueTask.CompletedTask);
        }

        latencies.Percentile(0).ShouldBeLessThanOrEqualTo(latencies.Percentile(0.5));
        latencies.Percentile(0.5).ShouldBeLessThanOrEqualTo(latencies.Percentile(1));
    }

    private static Socket Listening()
    {
        var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static JsonDocument Json(IReadOnlyList<HopFigures> figures)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            HopFigures.WriteJson(figures, writer);
        }

        return JsonDocument.Parse(Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
