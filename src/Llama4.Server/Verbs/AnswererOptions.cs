using System.CommandLine;
using Llama4.Server.Chat;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary>Who answers: a model in this process, or a server. The options of <c>llama4 chat</c> and <c>llama4 eval</c>.</summary>
internal sealed class AnswererOptions
{
    public const string KeyVariable = "LLAMA4_API_KEY";

    private readonly Option<string?> _url = new("--url")
    {
        Description = "Ask a server with OpenAI's interface instead, like http://127.0.0.1:8080.",
        HelpName = "URL",
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = $"The server's API key. Default: {KeyVariable}.",
        HelpName = "KEY",
    };

    private readonly ModelOptions _model = new();

    private readonly ChatDialectOption _dialect = ChatDialectOption.OfModel();

    public void AddTo(Command command)
    {
        _model.AddTo(command);
        command.Add(_dialect.Option);
        command.Add(_url);
        command.Add(_key);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_key) is not null && result.GetResult(_url) is null)
            {
                result.AddError("--key needs --url");
            }
        });
    }

    /// <summary>Connects to the server that was named, or loads the model into this process.</summary>
    public async Task<IAnswerSource> OpenAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        if (parsed.GetValue(_url) is not { } url)
        {
            var choice = _model.Read(parsed) with { ChatDialect = _dialect.Read(parsed) };
            return new EngineAnswers(await RunningModel.StartAsync(choice, terminal, logging: null, cancellation));
        }

        return _model.IsGiven(parsed.CommandResult) || _dialect.Read(parsed) is not null
            ? throw new UsageException($"--url asks a server, which has its own model: --model, --threads, --kv-memory and --chat-dialect do not go with it. See 'llama4 {parsed.CommandResult.Command.Name} --help'.")
            : await HttpAnswers.ConnectAsync(url, parsed.GetValue(_key) ?? SecretVariable.Key(KeyVariable), cancellation);
    }
}
