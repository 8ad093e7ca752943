using System.CommandLine;
using Llama4.Server.Chat;

namespace Llama4.Server.Verbs;

/// <summary>How answers are drawn: the options of <c>llama4 chat</c>.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<string?> _system = new("--system") { Description = "A system prompt.", HelpName = "TEXT" };

    private readonly Option<double?> _temperature = new Option<double?>("--temperature")
    {
        Description = "0 always takes the likeliest token. Default: the model's generation_config.json.",
        HelpName = "T",
    }.Within(0, 100);

    private readonly Option<double?> _topP = new Option<double?>("--top-p")
    {
        Description = "Draw from the likeliest tokens that make up this share. Default: the model's generation_config.json.",
        HelpName = "P",
    }.Within("above 0, to 1", value => value is > 0 and <= 1);

    private readonly Option<ulong?> _seed = new Option<ulong?>("--seed")
    {
        Description = "The same seed draws the same answer. Default: drawn anew.",
        HelpName = "N",
    }.Within(ulong.MinValue, ulong.MaxValue);

    private readonly Option<int> _tokensMax = new Option<int>("--max-tokens")
    {
        Description = "Most tokens of an answer.",
        HelpName = "N",
        DefaultValueFactory = _ => 1024,
    }.Within("at least 1", value => value >= 1);

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
}
