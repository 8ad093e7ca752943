using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Gateway.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tests.Tls;

/// <summary>A certificate changes while the gateway runs, over real connections.</summary>
public sealed class RenewalTests : IDisposable
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-tls").FullName;
    private readonly TestCertificate _first = TestCertificate.New();
    private readonly TestCertificate _second = TestCertificate.New();
    private int _mounted;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string CertificateFile => Path.Combine(_folder, "tls.crt");

    private string KeyFile => Path.Combine(_folder, "tls.key");

    [Fact]
    public async Task SwappedLink_AsOfAMountedSecret_IsTakenUpAndOpenConnectionsGoOn()
    {
        Mount(_first);
        await using var gateway = await StartAsync();
        using var old = await Connection.OpenAsync(gateway.Address);
        (await old.AskAsync()).ShouldStartWith("HTTP/1.1 200");
        old.Thumbprint.ShouldBe(_first.Thumbprint);

        Mount(_second);
        await gateway.LogsAsync("new connections are shown CN=localhost");

        (await ShownAsync(gateway)).ShouldBe(_second.Thumbprint);
        (await old.AskAsync()).ShouldStartWith("HTTP/1.1 200");
    }

    [Fact]
    public async Task Pair_ThatIsNotGood_LeavesTheOneBeforeInUseAndIsToldOnce()
    {
        Write(_first);
        await using var gateway = await StartAsync();

        File.WriteAllText(CertificateFile, _second.Certificate); // the key is not there yet
        await gateway.LogsAsync("The certificate stays as it was");
        (await ShownAsync(gateway)).ShouldBe(_first.Thumbprint);

        File.WriteAllText(KeyFile, _second.Key[..60]); // half of it
        await gateway.LogsAsync("The certificate stays as it was", times: 2);
        File.Delete(KeyFile);
        await gateway.LogsAsync("The certificate stays as it was", times: 3);
        (await ShownAsync(gateway)).ShouldBe(_first.Thumbprint);

        File.WriteAllText(KeyFile, _second.Key);
        await gateway.LogsAsync("new connections are shown");
        (await ShownAsync(gateway)).ShouldBe(_second.Thumbprint);
        gateway.Lines("The certificate stays as it was").Count().ShouldBe(3);
    }

    [Fact]
    public async Task Pair_OutOfTime_WaitsForItsTimeOrForAnother()
    {
        Write(_first);
        var clock = new ShiftedClock();
        await using var gateway = await StartAsync(clock);

        Write(TestCertificate.New(from: -2, days: -1));
        await gateway.LogsAsync("CN=localhost expired at");
        (await ShownAsync(gateway)).ShouldBe(_first.Thumbprint);

        var later = TestCertificate.New(from: 2, days: 4);
        Write(later);
        await gateway.LogsAsync("CN=localhost is valid only from");
        (await ShownAsync(gateway)).ShouldBe(_first.Thumbprint);

        clock.Ahead = TimeSpan.FromDays(3);
        await gateway.LogsAsync("new connections are shown");
        (await ShownAsync(gateway)).ShouldBe(later.Thumbprint);
    }

    [Fact]
    public async Task CertificateInUse_WhenItExpires_IsWarnedOf()
    {
        Write(_first);
        var clock = new ShiftedClock();
        await using var gateway = await StartAsync(clock);
        gateway.Lines("Clients refuse").ShouldBeEmpty();

        clock.Ahead = TimeSpan.FromDays(2);

        await gateway.LogsAsync("Clients refuse the certificate in use: CN=localhost expired at");
    }

    private static async Task<string> ShownAsync(Gateway gateway)
    {
        using var connection = await Connection.OpenAsync(gateway.Address);
        return connection.Thumbprint;
    }

    private void Write(TestCertificate pair)
    {
        File.WriteAllText(CertificateFile, pair.Certificate);
        File.WriteAllText(KeyFile, pair.Key);
    }

    /// <summary>As a kubelet does: files are links through <c>..data</c>, which is a link to a folder and is swapped in one step.</summary>
    private void Mount(TestCertificate pair)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"..{++_mounted}"));
        File.WriteAllText(Path.Combine(folder.FullName, "tls.crt"), pair.Certificate);
        File.WriteAllText(Path.Combine(folder.FullName, "tls.key"), pair.Key);
        File.CreateSymbolicLink(Path.Combine(_folder, "..data_tmp"), folder.Name);
        using var rename = Process.Start("mv", ["-T", Path.Combine(_folder, "..data_tmp"), Path.Combine(_folder, "..data")]); // File.Move takes no link to a folder
        rename.WaitForExit(Hang).ShouldBeTrue();
        rename.ExitCode.ShouldBe(0);
        if (_mounted == 1)
        {
            File.CreateSymbolicLink(CertificateFile, "..data/tls.crt");
            File.CreateSymbolicLink(KeyFile, "..data/tls.key");
        }
    }

    private async Task<Gateway> StartAsync(TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var logs = new GatewayLogs();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, 0, ScoutNano.Options.Limits, PublicTls.OfFiles(CertificateFile, KeyFile), clock);
        builder.Services.AddSingleton<IGenerationClient>(ScriptedClient.Saying("Hello.")).AddLlama4Gateway(ScoutNano.Options);
        var app = builder.Build();
        app.MapLlama4Gateway();
        return new Gateway(app, await app.StartLlama4Async(IPAddress.Loopback, 0), logs);
    }

    private sealed class Gateway(WebApplication app, Uri address, GatewayLogs logs) : IAsyncDisposable
    {
        public Uri Address => address;

        public IEnumerable<string> Lines(string text) => logs.Lines.Where(line => line.Contains(text));

        public async Task LogsAsync(string text, int times = 1)
        {
            using var deadline = new CancellationTokenSource(Hang);
            while (Lines(text).Count() < times)
            {
                await Task.Delay(20, deadline.Token);
            }
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }

    /// <summary>One connection that is kept alive.</summary>
    private sealed class Connection(TcpClient tcp, SslStream stream) : IDisposable
    {
        public string Thumbprint => stream.RemoteCertificate!.GetCertHashString();

        public static async Task<Connection> OpenAsync(Uri server)
        {
            var tcp = new TcpClient();
            await tcp.ConnectAsync(server.Host, server.Port);
            var stream = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
            await stream.AuthenticateAsClientAsync("localhost").WaitAsync(Hang);
            return new Connection(tcp, stream);
        }

        /// <returns>The beginning of the answer.</returns>
        public async Task<string> AskAsync()
        {
            await stream.WriteAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            var buffer = new byte[4096];
            return Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer).AsTask().WaitAsync(Hang));
        }

        public void Dispose()
        {
            stream.Dispose();
            tcp.Dispose();
        }
    }

    private sealed class ShiftedClock : TimeProvider
    {
        private long _aheadTicks;

        public TimeSpan Ahead
        {
            set => Volatile.Write(ref _aheadTicks, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _aheadTicks));
    }
}
