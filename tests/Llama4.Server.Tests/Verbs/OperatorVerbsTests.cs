using System.Net;
using System.Net.Sockets;
using Llama4.Contracts;
using Llama4.Gateway.Admin;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Server.Operators;

namespace Llama4.Server.Tests.Verbs;

public sealed class OperatorVerbsTests : IAsyncLifetime
{
    private readonly ScriptedAdmin _cluster = new();
    private TestAdmin _admin = null!;

    public static TheoryData<string> Verbs => ["status", "rebalance", "drain worker-a1b2"];

    public async ValueTask InitializeAsync() => _admin = await TestAdmin.StartAsync(_cluster);

    public ValueTask DisposeAsync() => _admin.DisposeAsync();

    [Fact]
    public async Task Status_AsText_IsWhatStatusTextWrites()
    {
        var run = await RunAsync("status");

        using var text = new StringWriter { NewLine = "\n" };
        StatusText.Write(_cluster.Status, text);
        run.ExitCode.ShouldBe(CommandLine.Success, run.Error);
        run.Output.ShouldBe(text.ToString());
        run.Error.ShouldBe("");
    }

    [Fact]
    public async Task Status_AsJson_IsOneLineWithAllOfIt()
    {
        var run = await RunAsync("status", "--json");

        run.Json().GetProperty("epoch").GetInt64().ShouldBe(7);
        run.Lines.ShouldHaveSingleItem();
        ClusterStatusJson.Read(run.Output).ShouldBeEquivalentTo(_cluster.Status);
    }

    [Fact]
    public async Task Status_AtAnAddressWithASlash_IsFound() =>
        (await Llama4Run.OfAsync("status", "--url", $"{_admin.Address.ToString().TrimEnd('/')}/", "--key", TestAdmin.Key)).ExitCode.ShouldBe(CommandLine.Success);

    [Fact]
    public async Task Drain_OfAHost_AsksForItAndSaysThatItMayBeStopped()
    {
        var run = await RunAsync("drain", "worker-a1b2");

        run.Output.ShouldBe("worker-a1b2 owns nothing any more and can be stopped\n", run.Error);
        _cluster.Asked.ShouldBe(["drain worker-a1b2"]);
    }

    [Fact]
    public async Task Rebalance_WhenDone_TellsTheEpoch()
    {
        var run = await RunAsync("rebalance");

        run.Output.ShouldBe("plan epoch 8 is in force\n", run.Error);
        _cluster.Asked.ShouldBe(["rebalance"]);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task AnyVerb_WhenTheClusterRefuses_IsOneLineWithItsReason(string line)
    {
        _cluster.Failure = new ClusterRequestException("expected one of the hosts center-k3f9, found worker-a1b2");

        (await RunAsync(line.Split(' '))).ShouldFailWith(CommandLine.Failure, "error: expected one of the hosts center-k3f9, found worker-a1b2");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task AnyVerb_WhenNobodyLeads_IsOneLineWithItsReason(string line)
    {
        _cluster.Failure = new TimeoutException("no host has taken the lead of the cluster within 10 s");

        (await RunAsync(line.Split(' '))).ShouldFailWith(CommandLine.Failure, "no host has taken the lead of the cluster within 10 s");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task AnyVerb_WithAnotherKeyOrNone_IsOneLineAndAsksNothing(string line)
    {
        foreach (var key in (string[][])[["--key", "another-key-of-some-length"], ["--key", ""], []])
        {
            (await Llama4Run.OfAsync([.. line.Split(' '), "--url", _admin.Address.ToString(), .. key]))
                .ShouldFailWith(CommandLine.Failure, "wants another key: give --key KEY, or set LLAMA4_ADMIN_KEY");
        }

        _cluster.Asked.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task AnyVerb_WhereNobodyListens_IsOneLine(string line)
    {
        var free = Machine.FreePort(); // and stays so

        (await Llama4Run.OfAsync([.. line.Split(' '), "--url", $"http://127.0.0.1:{free}", "--key", TestAdmin.Key]))
            .ShouldFailWith(CommandLine.Failure, $"no operators' interface answers at http://127.0.0.1:{free}/: ");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task AnyVerb_AtAGateway_IsOneLine(string line)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));

        (await Llama4Run.OfAsync([.. line.Split(' '), "--url", gateway.Http.BaseAddress!.ToString(), "--key", TestAdmin.Key])).ShouldFailWith(CommandLine.Failure, "/admin/");
    }

    [Theory]
    [InlineData("status", "<html>")]
    [InlineData("status", "{}")]
    [InlineData("status", "[]")]
    [InlineData("rebalance", "<html>")]
    [InlineData("rebalance", "{}")]
    [InlineData("rebalance", """{"epoch":"8"}""")]
    public async Task AnyVerb_WhereSomebodyElseAnswers_IsOneLine(string verb, string body)
    {
        await using var other = Answerer.With($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

        (await Llama4Run.OfAsync(verb, "--url", other.Url)).ShouldFailWith(CommandLine.Failure, $"{other.Url}/ answers, but not as the operators' interface of a host: ");
    }

    [Fact]
    public async Task Status_WhereNobodyAnswers_EndsInItsTime()
    {
        await using var silent = Answerer.With(null);
        using var client = new AdminClient(new Uri(silent.Url), TestAdmin.Key) { StatusLimit = TimeSpan.FromMilliseconds(50) };

        var error = await Should.ThrowAsync<IOException>(() => client.StatusAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60)));

        error.Message.ShouldBe($"the operators' interface at {silent.Url}/ took the request and does not answer");
    }

    [Theory]
    [InlineData("status --url nonsense", "--url: expected an address like http://127.0.0.1:9090, found 'nonsense'")]
    [InlineData("status --url ftp://127.0.0.1", "found 'ftp://127.0.0.1'")]
    [InlineData("drain", "Required argument 'HOST' missing")]
    [InlineData("drain a b", "Unrecognized command or argument 'b'")]
    [InlineData("rebalance now", "Unrecognized command or argument 'now'")]
    [InlineData("status --jsn", "Unrecognized command or argument '--jsn'")]
    public async Task AnyVerb_WhenMistyped_IsOneLineAndExitCode2(string line, string message) =>
        (await Llama4Run.OfAsync(line.Split(' '))).ShouldFailWith(CommandLine.Usage, message);

    [Theory]
    [InlineData("status")]
    [InlineData("drain")]
    [InlineData("rebalance")]
    public async Task Help_OfAnyVerb_ShowsItsOptionsAndExamples(string verb)
    {
        var run = await Llama4Run.OfAsync(verb, "--help");

        run.ExitCode.ShouldBe(CommandLine.Success);
        run.Output.ShouldContain("--url <URL>");
        run.Output.ShouldContain("--key <KEY>");
        run.Lines.SkipWhile(line => line != "Examples:").Skip(1).ShouldNotBeEmpty();
    }

    private Task<Llama4Run> RunAsync(params string[] args) => Llama4Run.OfAsync([.. args, "--url", _admin.Address.ToString(), "--key", TestAdmin.Key]);

    /// <summary>Takes connections and says one thing whatever is asked, or nothing.</summary>
    private sealed class Answerer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private Task _work = Task.CompletedTask;

        public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public static Answerer With(string? text)
        {
            var answerer = new Answerer();
            answerer._listener.Start();
            answerer._work = answerer.AnswerAsync(text);
            return answerer;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => _work);
            _listener.Dispose();
            _end.Dispose();
        }

        private async Task AnswerAsync(string? text)
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, leaveOpen: true);
                while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 })
                {
                }

                if (text is null)
                {
                    await Task.Delay(Timeout.Infinite, _end.Token);
                }

                await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text!), _end.Token);
            }
        }
    }
}
