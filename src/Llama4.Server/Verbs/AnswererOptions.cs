using System.CommandLine;
using Llama4.Server.Chat;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary>Who answers: a model in this process, or a server. The options of <c>llama4 chat</c> and <c>llama4 eval</c>.</summary>
internal sealed class AnswererOptions
{
    private readonly Option<string?> _url = new("--url")
    {
        Description = "Ask a server with OpenAI's interface instead, like http://127.0.0.1:8080.",
        HelpName = "URL",
    };

    public void AddTo(Command command) => command.Add(_url);

    /// <summary>Connects to the server that was named.</summary>
    public async Task<IAnswerSource> OpenAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) =>
        await HttpAnswers.ConnectAsync(parsed.GetValue(_url)!, cancellation);
}
