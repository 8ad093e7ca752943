using System.Net;
using Llama4.Client.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Transport;

/// <summary>Connections with hosts that do not answer.</summary>
public class ShunnedTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly IPEndPoint ConnectingHost = new(IPAddress.Loopback, 4711);

    private readonly Shunned _there = new();
    private readonly Shunned _here = new();

    [Fact]
    public async Task ConnectionThatIsBeingOpened_WhenItsAddressIsShunned_IsCut()
    {
        var address = new IPEndPoint(IPAddress.Loopback, 9);
        var opening = _here.OpenAsync(address, async cut =>
        {
            await Task.Delay(Timeout.Infinite, cut);
            return 0;
        }, CancellationToken.None);

        _here.Set([address]);

        // It is a cancellation to tasks, whose own exception only an await brings back.
        await Task.WhenAny(opening, Task.Delay(Limit));
        (await Record.ExceptionAsync(() => opening)).ShouldBeOfType<ConnectionAbortedException>().Message.ShouldContain("does not answer");
        (await Record.ExceptionAsync(() => _here.OpenAsync(address, _ => Task.FromResult(0), CancellationToken.None))).ShouldBeOfType<ConnectionAbortedException>();
        _here.Set([]);
        (await _here.OpenAsync(address, _ => Task.FromResult(7), CancellationToken.None)).ShouldBe(7);
    }

    /// <summary>Whoever opened it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ConnectionOlderThanItsHostsSilence_IsGivenUp(bool byWhoOpenedIt)
    {
        await using var listener = await Transport(_there).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var accepting = listener.AcceptAsync().AsTask();
        await using var opened = await Transport(_here).ConnectAsync(listener.EndPoint);
        await using var accepted = (await accepting.WaitAsync(Limit))!;
        var closed = new TaskCompletionSource();
        (byWhoOpenedIt ? accepted : opened).ConnectionClosed.Register(closed.SetResult);
        var (side, host) = byWhoOpenedIt ? (_here, (EndPoint)listener.EndPoint) : (_there, ConnectingHost);

        side.GiveUp(host, Limit);
        side.GiveUp(new IPEndPoint(IPAddress.Loopback, 1), TimeSpan.Zero);
        await opened.Transport.Output.WriteAsync(new byte[] { 7 });
        (await accepted.Transport.Input.ReadAsync().AsTask().WaitAsync(Limit)).Buffer.Length.ShouldBe(1, "it is younger, and of another host");
        closed.Task.IsCompleted.ShouldBeFalse();
        side.GiveUp(host, TimeSpan.Zero);

        await closed.Task.WaitAsync(Limit);
    }

    private static LargeBlockTransport Transport(Shunned shunned) =>
        new(new LargeBlockPool(), new Handshake(null, Limit), shunned, () => ConnectingHost, new LinkBytes(), NullLogger.Instance);
}
