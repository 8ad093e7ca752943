using System.CommandLine;
using Llama4.Server.Bench;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary>What the benches ask that measure decoding in rounds: how much of it, how often, and of which model.</summary>
/// <param name="turns">What each round measures, for help.</param>
internal sealed class BenchRoundsOptions(string turns)
{
    private readonly ModelOptions _model = new();
    private readonly Option<int> _generate = NumberOption.Count("--generate", "Tokens that each sequence decodes.", 256, 2, 1024);
    private readonly CountsOption _concurrency = new("--concurrency", "Sequences that decode at once.", [1, 16]);
    private readonly Option<int> _seconds = NumberOption.Count("--seconds", "Of each measurement.", 5, 1, 600);
    private readonly Option<int> _rounds = NumberOption.Count("--rounds", turns, 8, 1, 100);

    /// <param name="more">The bench's own; help shows them before the model's.</param>
    public void AddTo(Command command, params Option[] more)
    {
        foreach (var option in (Option[])[_generate, _concurrency, _seconds, _rounds, .. more])
        {
            command.Add(option);
        }

        _model.AddTo(command);
    }

    /// <summary>Loads the model.</summary>
    /// <exception cref="UsageException">It does not hold so many tokens or sequences.</exception>
    public async Task<BenchRounds> StartAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        var plan = new BenchPlan([16], parsed.GetValue(_generate), _concurrency.Read(parsed));
        var running = await RunningModel.StartAsync(_model.Read(parsed), terminal, logging: null, cancellation);
        try
        {
            plan.RefuseWhatDoesNotFit(running.Cluster);
            return new BenchRounds(running, plan, parsed.GetValue(_rounds), TimeSpan.FromSeconds(parsed.GetValue(_seconds)));
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }
}
