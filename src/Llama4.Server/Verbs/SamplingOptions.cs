using System.CommandLine;
using Llama4.Server.Chat;

namespace Llama4.Server.Verbs;

/// <summary>How answers are drawn: the options of <c>llama4 chat</c>.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<string?> _system = new("--system") { Description = "A system prompt.", HelpName = "TEXT" };

    private readonly Option<double?> _temperature = Bounded(
        new("--temperature") { Description = "0 always takes the likeliest token. Default: the model's generation_config.json.", HelpName = "T" },
        value => value is >= 0 and <= 100,
        "0 to 100");

    private readonly Option<double?> _topP = Bounded(
        new("--top-p") { Description = "Draw from the likeliest tokens that make up this share. Default: the model's generation_config.json.", HelpName = "P" },
        value => value is > 0 and <= 1,
        "above 0, to 1");

    private readonly Option<ulong?> _seed = new("--seed") { Description = "The same seed draws the same answer. Default: drawn anew.", HelpName = "N" };

    private readonly Option<int> _tokensMax = new("--max-tokens")
    {
        Description = "Most tokens of an answer.",
        HelpName = "N",
        DefaultValueFactory = _ => 1024,
    };

    public SamplingOptions() => _tokensMax.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < 1)
        {
            result.AddError($"--max-tokens: expected at least 1, found {result.Tokens[0].Value}");
        }
    });

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _system, _temperature, _topP, _seed, _tokensMax })
        {
            command.Add(option);
        }
    }

    public string? System(ParseResult parsed) => parsed.GetValue(_system);

    public AnswerSettings Settings(ParseResult parsed) =>
        new(parsed.GetValue(_tokensMax), parsed.GetValue(_temperature), parsed.GetValue(_topP), parsed.GetValue(_seed));

    private static Option<double?> Bounded(Option<double?> option, Func<double, bool> holds, string range)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is { } value && !holds(value))
            {
                result.AddError($"{option.Name}: expected {range}, found {result.Tokens[0].Value}");
            }
        });
        return option;
    }
}
