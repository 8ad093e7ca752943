using System.Text.Json;

namespace Llama4.Gateway.Requests;

/// <summary>How long an answer may be: max_completion_tokens, max_tokens or n_predict, the first of them that is there.</summary>
/// <param name="TokensMax">Null where the request leaves it open.</param>
/// <param name="FillsContext">It does so in so many words: as many as the context holds, whatever the endpoint's default is.</param>
internal readonly record struct AnswerLength(int? TokensMax, bool FillsContext)
{
    private const int Open = -1; // llama-server's word for it

    /// <param name="least">0 where the prompt alone may be asked about.</param>
    /// <exception cref="ApiError">One of them is no integer, or too small; it says which.</exception>
    public static AnswerLength Read(RequestFields fields, int least)
    {
        int?[] asked = [Read(fields, "max_completion_tokens", least), Read(fields, "max_tokens", least), Read(fields, "n_predict", least)];
        return asked.FirstOrDefault(tokens => tokens is not null) is var first && first == Open ? new(null, FillsContext: true) : new(first, FillsContext: false);
    }

    private static int? Read(RequestFields fields, string name, int least) =>
        fields.Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var tokens) && tokens == Open
            ? tokens
            : fields.Int(name, least, int.MaxValue);
}
