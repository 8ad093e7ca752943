using System.CommandLine;
using System.Diagnostics;
using System.Net;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 health</c>: what a probe asks, for containers without a shell and units that wait for a server.</summary>
internal static class HealthVerb
{
    private static readonly string[] Checks = ["live", "started", "ready"];

    /// <summary>An answer to a probe is at hand or it is none.</summary>
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(200);

    public static Verb Create(Terminal terminal)
    {
        var url = new Option<Uri>("--url")
        {
            Description = "A server's address, or that of its --health-port.",
            HelpName = "URL",
            DefaultValueFactory = _ => new Uri("http://127.0.0.1:8080"),
            CustomParser = result =>
            {
                if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
                {
                    return address;
                }

                result.AddError($"--url: expected an address like http://127.0.0.1:9091, found '{result.Tokens[0].Value}'");
                return null;
            },
        };
        var check = new Option<string>("--check") { Description = "live, started or ready.", HelpName = "NAME", DefaultValueFactory = _ => "ready" };
        check.Validators.Add(result =>
        {
            if (result.Tokens is [var name] && !Checks.Contains(name.Value))
            {
                result.AddError($"--check: expected live, started or ready, found '{name.Value}'");
            }
        });
        var wait = new Option<int>("--wait") { Description = "Seconds in which it may become so.", HelpName = "N", DefaultValueFactory = _ => 0 };
        wait.Within(0, 86_400);
        var command = new Command("health", "Whether a server is live, has started or is ready, as its exit code.") { url, check, wait };
        command.SetAction(async (parsed, cancellation) =>
        {
            var address = new Uri($"{parsed.GetRequiredValue(url).ToString().TrimEnd('/')}/health/{parsed.GetRequiredValue(check)}");
            var found = await AskAsync(address, TimeSpan.FromSeconds(parsed.GetValue(wait)), cancellation);
            if (found is not null)
            {
                throw new IOException($"{address}: {found}");
            }

            terminal.Output.WriteLine(parsed.GetRequiredValue(check));
            return CommandLine.Success;
        });
        return new Verb(VerbGroup.Serving, command, "llama4 health", "llama4 health --url http://127.0.0.1:9091 --check started --wait 600");
    }

    /// <returns>Null as soon as it is so; else why it was not, the last time.</returns>
    private static async Task<string?> AskAsync(Uri address, TimeSpan wait, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = AskLimit };
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var found = await AskOnceAsync(http, address, cancellation);
            if (found is null || waited.Elapsed >= wait)
            {
                return found;
            }

            await Task.Delay(AskEvery, cancellation);
        }
    }

    private static async Task<string?> AskOnceAsync(HttpClient http, Uri address, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return answer.StatusCode == HttpStatusCode.OK ? null : $"expected 200, found {(int)answer.StatusCode}";
        }
        catch (HttpRequestException error)
        {
            return error.Message;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no answer within {AskLimit.TotalSeconds} s";
        }
    }
}
