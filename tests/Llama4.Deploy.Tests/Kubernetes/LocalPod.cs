using System.Diagnostics;
using System.Net;
using Llama4.Server;
using Llama4.Server.Verbs;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>The container of a workload as a process of this machine: its arguments and variables, but ports that are free here and paths that are here.</summary>
internal sealed class LocalPod : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly HttpClient Client = new();

    private readonly Workload _workload;
    private readonly Process _process;
    private readonly IReadOnlyDictionary<string, int> _ports;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly List<string> _lines = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LocalPod(Workload workload, Process process, IReadOnlyDictionary<string, int> ports, IReadOnlyDictionary<string, string> environment)
    {
        (_workload, _process, _ports, _environment) = (workload, process, ports, environment);
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <param name="keys">The folder that is /keys in a pod.</param>
    public static Task<LocalPod> StartAsync(Workload workload, RedisContainer redis, string keys)
    {
        var ports = new Dictionary<string, int>();
        var arguments = new List<string>();
        foreach (var argument in workload.Arguments)
        {
            var option = arguments.Count > 0 ? arguments[^1] : "";
            arguments.Add(option.EndsWith("-port", StringComparison.Ordinal) || option == "--port" ? $"{ports[option] = Machine.FreePort()}"
                : argument == "0.0.0.0" ? "127.0.0.1"
                : argument.Replace("/keys/", keys + "/").Replace("/app/models/", Path.Combine(AppContext.BaseDirectory, "models") + "/"));
        }

        var environment = workload.Environment.ToDictionary();
        environment[ClusterOptions.StoreVariable] = redis.Address;
        if (environment.TryGetValue(ClusterOptions.AdminKeyVariable, out var key))
        {
            environment[ClusterOptions.AdminKeyVariable] = $"{key}\n"; // as of a file, like the store's password
        }

        if (environment.ContainsKey("POD_IP"))
        {
            environment["POD_IP"] = "127.0.0.1";
        }

        var process = Programs.Start("dotnet", [typeof(CommandLine).Assembly.Location, .. arguments], environment);
        return Task.FromResult(new LocalPod(workload, process, ports, environment));
    }

    public async Task WritesAsync(string text)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
                {
                    return;
                }

                more = _more.Task;
            }

            await Task.WhenAny(more, _process.WaitForExitAsync());
            (_process.HasExited && !more.IsCompleted).ShouldBeFalse(ToString());
        }
    }

    /// <summary>Until each of the container's probes is answered with 200.</summary>
    public async Task ProbesAnswerAsync()
    {
        var probes = (k8s.Models.V1Probe[])[_workload.Container.StartupProbe, _workload.Container.ReadinessProbe, _workload.Container.LivenessProbe];
        foreach (var path in probes.Select(probe => probe.HttpGet.Path))
        {
            await AnswersAsync(path);
        }
    }

    /// <summary>Until a real token came.</summary>
    public Task IsReadyAsync() => AnswersAsync("/health/ready");

    /// <summary>Until the startup probe is answered with 200.</summary>
    public Task IsStartedAsync() => AnswersAsync(_workload.Container.StartupProbe.HttpGet.Path);

    /// <summary>What the readiness probe is answered with now.</summary>
    public async Task<HttpStatusCode> ReadinessAsync()
    {
        using var answer = await Client.GetAsync(Url("--health-port", _workload.Container.ReadinessProbe.HttpGet.Path));
        return answer.StatusCode;
    }

    /// <summary>As <c>kubectl exec</c> of <c>llama4 status</c>: with the pod's own variables.</summary>
    public Task<(int ExitCode, string Output, string Error)> StatusAsync(TimeSpan limit) =>
        Programs.RunAsync("dotnet", [typeof(CommandLine).Assembly.Location, "status", "--url", $"{Url("--admin-port", "/")}"], limit, _environment);

    private Uri Url(string port, string path) => new($"http://127.0.0.1:{_ports[port]}{path}");

    private async Task AnswersAsync(string path)
    {
        while (true)
        {
            _process.HasExited.ShouldBeFalse(ToString());
            try
            {
                using var answer = await Client.GetAsync(Url("--health-port", path));
                answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(Pause); // as a kubelet's
        }
    }

    /// <summary>As the kubelet ends a pod; gives the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    public override string ToString()
    {
        lock (_gate)
        {
            return string.Join('\n', _lines);
        }
    }

    private void Add(string? line)
    {
        lock (_gate)
        {
            _lines.Add(line ?? "");
            _more.SetResult();
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
