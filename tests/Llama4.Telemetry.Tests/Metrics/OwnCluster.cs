using System.Text.RegularExpressions;

namespace Llama4.Telemetry.Tests.Metrics;

/// <summary>
/// Processes of <c>llama4 serve</c> with scout-nano, a thread each, that find each other in a redis-server of their own, and whatever else a test starts beside them.
/// All are ended with it.
/// </summary>
public sealed partial class OwnCluster(string adminKey) : IDisposable
{
    /// <summary>What is waited for comes within it, on a machine with much else to do too.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly List<OwnProcess> _processes = [];
    private readonly int _redis = Machine.FreePort();

    /// <summary>For their files; deleted with it.</summary>
    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("llama4-own-");

    /// <summary>To be called before there are members.</summary>
    public void StartStore() => Start("redis", "redis-server", ["--port", $"{_redis}", "--bind", "127.0.0.1", "--save", "", "--dir", Folder.FullName]);

    public OwnProcess Start(string name, string program, IEnumerable<string> arguments)
    {
        var process = new OwnProcess(name, program, arguments);
        _processes.Add(process);
        return process;
    }

    /// <summary>One more member.</summary>
    /// <param name="more">Further options of <c>serve</c>.</param>
    public OwnProcess Serve(string name, string roles, params string[] more) => Start(
        name,
        "dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--cluster", $"redis://127.0.0.1:{_redis}", "--name", name, "--roles", roles,
            "--threads", "1", "--memory", "1GiB", "--kv-memory", "64MiB", "--health-port", "0", .. more,
        ]);

    /// <summary>A member's <c>--health-port</c>, like http://127.0.0.1:8081/.</summary>
    public static Task<Uri> DoorOfAsync(OwnProcess host) => AddressAsync(host, Probes());

    /// <summary>The OpenAI-compatible interface of a member with <c>--port</c>.</summary>
    public static Task<Uri> GatewayOfAsync(OwnProcess host) => AddressAsync(host, Served());

    /// <summary>A request to the operators' interface of a member with <c>--admin-port</c> and <c>--admin-key</c>.</summary>
    /// <param name="path">Like admin/status.</param>
    public async Task<HttpRequestMessage> AskOperatorsAsync(OwnProcess host, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(await AddressAsync(host, Operators()), path));
        request.Headers.Authorization = new("Bearer", adminKey);
        return request;
    }

    /// <summary>For a report of what went wrong.</summary>
    public string Said() => string.Join(Environment.NewLine, _processes.Select(process => process.Said()));

    public void Dispose()
    {
        _processes.ForEach(process => process.Dispose());
        Folder.Delete(recursive: true);
    }

    private static async Task<Uri> AddressAsync(OwnProcess host, Regex line) => new($"{(await host.LineAsync(line, Limit)).Groups[1].Value}/");

    [GeneratedRegex("^probes: (http://[0-9.:]+)/health/ready")]
    private static partial Regex Probes();

    [GeneratedRegex("is served at (http://[0-9.:]+) ")]
    private static partial Regex Served();

    [GeneratedRegex("^operators: .* --url (http://[0-9.:]+)")]
    private static partial Regex Operators();
}
