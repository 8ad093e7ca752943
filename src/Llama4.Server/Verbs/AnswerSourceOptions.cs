using System.CommandLine;
using Llama4.Server.Chat;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary>Who answers: a model in this process, or a server elsewhere.</summary>
internal sealed class AnswerSourceOptions
{
    private readonly ModelOptions _model = new();

    private readonly Option<string?> _url = new("--url")
    {
        Description = "Ask a server with OpenAI's interface instead of loading a model.",
        HelpName = "URL",
    };

    public void AddTo(Command command)
    {
        _model.AddTo(command);
        command.Add(_url);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_url) is not null && _model.IsGiven(result))
            {
                result.AddError("--url excludes --model, --threads and --kv-memory");
            }
        });
    }

    /// <summary>Connects, or starts the cluster in this process; the caller disposes.</summary>
    public async Task<IAnswerSource> OpenAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) =>
        parsed.GetValue(_url) is { } url
            ? await HttpAnswers.ConnectAsync(url, cancellation)
            : await ClusterAnswers.StartAsync(_model.Read(parsed), terminal, cancellation);
}
