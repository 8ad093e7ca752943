using System.CommandLine;
using System.Net;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Tls;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary>What <c>serve</c> asks of its public port beside address and number: keys, TLS, browsers, what is logged.</summary>
internal sealed class PublicDoorOptions
{
    /// <summary>The text of a file of keys, where there is none: a container's secret, say.</summary>
    public const string KeysVariable = "LLAMA4_API_KEYS";

    public const string KeysFileVariable = "LLAMA4_API_KEYS_FILE";

    private readonly Option<string?> _keys = new("--api-keys")
    {
        Description = $"Who may ask and how much, as 'llama4 key new' prints it; read again when it changes. Default: {KeysFileVariable}, else the text in {KeysVariable}, else everybody may.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _certificate = new("--tls-cert") { Description = "Certificate of this server, PEM, with those who signed it: HTTPS, and HTTP/2 for who offers it. Read again, with its key, when they change.", HelpName = "FILE" };
    private readonly Option<string?> _certificateKey = new("--tls-key") { Description = "Its private key, PEM.", HelpName = "FILE" };

    private readonly Option<string[]> _origins = new("--cors-origins")
    {
        Description = "Pages that may ask from a browser, like https://app.example,http://localhost:3000; '*' for all. Default: none.",
        HelpName = "ORIGIN,…",
        CustomParser = result =>
        {
            string[] origins = [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries))];
            if (origins.FirstOrDefault(origin => !IsOrigin(origin)) is { } wrong)
            {
                result.AddError($"--cors-origins: expected origins like https://app.example:8443, or '*', found '{wrong}'");
            }

            return origins;
        },
    };

    private readonly Option<bool> _logPrompts = new("--log-prompts") { Description = "Write prompts and answers to the log." };

    public Option[] All => [_keys, _certificate, _certificateKey, _origins, _logPrompts];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_certificate) is null != result.GetResult(_certificateKey) is null)
            {
                result.AddError("--tls-cert and --tls-key go together");
            }
        });
    }

    /// <exception cref="InvalidDataException">A file holds something else; one line.</exception>
    /// <exception cref="IOException">A file can't be read; one line.</exception>
    public PublicDoor Read(ParseResult parsed, IPAddress bind, int port) => new(bind, port)
    {
        ApiKeys = ReadKeys(parsed.GetValue(_keys)),
        Tls = parsed.GetValue(_certificate) is { } certificate ? PublicTls.OfFiles(certificate, parsed.GetRequiredValue(_certificateKey)!) : null,
        CorsOrigins = parsed.GetValue(_origins) ?? [],
        LogsPrompts = parsed.GetValue(_logPrompts),
    };

    private static ApiKeys? ReadKeys(string? file)
    {
        file ??= Variable(KeysFileVariable);
        var text = Variable(KeysVariable);
        return file is not null ? ApiKeys.OfFile(file)
            : text is not null ? ApiKeys.OfText(text, KeysVariable)
            : null;
    }

    /// <summary>Null where it is empty, which for a variable is the same as not there.</summary>
    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>As a browser sends it: scheme, host and port, and not even a slash behind.</summary>
    private static bool IsOrigin(string text) =>
        text == "*" || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text);
}
