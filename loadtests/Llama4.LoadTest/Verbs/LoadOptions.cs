using System.CommandLine;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Running;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Verbs;

/// <summary>What all verbs that load a server take.</summary>
internal sealed class LoadOptions
{
    private readonly Argument<string> _scenario = new("scenario") { HelpName = "SCENARIO", Description = "A file of YAML or JSON; see loadtests/scenarios." };
    private readonly Option<string> _url = new("--url") { HelpName = "URL", Description = "The server, with or without /v1.", Required = true };
    private readonly Option<string?> _key = new("--api-key") { HelpName = "KEY", Description = "Otherwise the environment's LLAMA4_API_KEY." };
    private readonly Option<string?> _model = new("--model") { HelpName = "NAME", Description = "Otherwise the first that the server lists." };
    private readonly Option<double?> _rate = new("--rate") { HelpName = "N", Description = "Sessions a second, in place of the scenario's." };
    private readonly Option<ulong?> _seed = new("--seed") { HelpName = "N", Description = "In place of the scenario's." };
    private readonly Option<int?> _inFlight = new("--in-flight") { HelpName = "N", Description = "Requests on their way at most, in place of the scenario's." };
    private readonly Option<string?> _out = new("--out") { HelpName = "DIR", Description = "Gets result.json, requests.jsonl and report.html." };

    public void AddTo(Command command)
    {
        command.Add(_scenario);
        foreach (Option option in (Option[])[_url, _key, _model, _rate, _seed, _inFlight, _out])
        {
            command.Add(option);
        }
    }

    /// <param name="seconds">In place of the scenario's.</param>
    /// <exception cref="LoadTestException">What results is no scenario that could be run.</exception>
    public Scenario Scenario(ParseResult parsed, double? seconds)
    {
        var scenario = ScenarioFile.Load(parsed.GetRequiredValue(_scenario));
        var rate = parsed.GetValue(_rate);
        if (rate is not null && scenario.Arrivals.Process == ArrivalProcess.Recorded)
        {
            throw new LoadTestException("--rate: expected a scenario with a rate, found a recording (its arrivals.speed plays it faster)");
        }

        var changed = scenario with
        {
            Seconds = seconds ?? scenario.Seconds,
            Seed = parsed.GetValue(_seed) ?? scenario.Seed,
            InFlightMax = parsed.GetValue(_inFlight) ?? scenario.InFlightMax,
            Arrivals = scenario.Arrivals with { Rate = rate ?? scenario.Arrivals.Rate },
        };
        return ScenarioRules.Mistake(changed) is { } mistake ? throw new LoadTestException(mistake) : changed;
    }

    public string? Key(ParseResult parsed) => parsed.GetValue(_key) ?? (Environment.GetEnvironmentVariable("LLAMA4_API_KEY")?.TrimEnd('\r', '\n') is { Length: > 0 } key ? key : null);

    public Uri Url(ParseResult parsed) => ServerUrl.Parse(parsed.GetRequiredValue(_url));

    public async Task<Target> TargetAsync(ParseResult parsed, CancellationToken over)
    {
        var (url, key) = (Url(parsed), Key(parsed));
        return new Target(url, key, parsed.GetValue(_model) ?? await ServerUrl.FirstModelAsync(url, key, over));
    }

    public ResultFolder? Folder(ParseResult parsed) => parsed.GetValue(_out) is { } path ? new ResultFolder(path) : null;
}
