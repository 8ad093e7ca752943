using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Llama4.LoadTest.Tests.Client;

/// <summary>A server that writes what a test says, byte for byte, and closes.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    public const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n";

    public const string Answer = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\" two\"},\"finish_reason\":\"stop\"}]}\n\n"
        + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly Func<string, NetworkStream, CancellationToken, Task> _answer;
    private readonly Task _accepting;

    /// <param name="answer">Gets the body of a request and the connection to write to.</param>
    public FakeServer(Func<string, NetworkStream, CancellationToken, Task> answer)
    {
        _answer = answer;
        _listener.Start(512);
        _accepting = AcceptAsync();
    }

    /// <summary>One that writes these texts, each in a packet of its own as far as that can be had.</summary>
    public FakeServer(params string[] texts)
        : this(async (_, stream, over) =>
        {
            foreach (var text in texts)
            {
                await WriteAsync(stream, text, over);
                await Task.Delay(5, over);
            }
        })
    {
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public ConcurrentQueue<string> Bodies { get; } = [];

    public static ValueTask WriteAsync(NetworkStream stream, string text, CancellationToken over) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), over);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting;
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                var body = await ReadAsync(stream);
                Bodies.Enqueue(body);
                await _answer(body, stream, _over.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or IOException)
            {
                // The client is gone, or the test is over.
            }
        }
    }

    private async Task<string> ReadAsync(NetworkStream stream)
    {
        var (text, buffer) = (new StringBuilder(), new byte[64 * 1024]);
        while (true)
        {
            var read = await stream.ReadAsync(buffer, _over.Token);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            var all = text.ToString();
            if (all.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var head)
            {
                var length = int.Parse(all.Split("Content-Length: ")[1].Split("\r\n")[0], System.Globalization.CultureInfo.InvariantCulture);
                if (all.Length >= head + 4 + length)
                {
                    return all[(head + 4)..];
                }
            }

            if (read == 0)
            {
                throw new IOException("the request was cut off");
            }
        }
    }
}
