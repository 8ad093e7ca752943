using System.Text.Json;

namespace Llama4.LoadTest.Arriving;

/// <summary>
/// Arrivals that were recorded: JSON lines <c>{"at": seconds, "prompt_tokens": N, "answer_tokens": N}</c>, in order of time. Both lengths may be
/// left out where the scenario has parts. Lines are read as they are needed: a recording may be of any length.
/// </summary>
internal static class Recording
{
    private sealed record Line(double? At, int? PromptTokens, int? AnswerTokens);

    /// <exception cref="LoadTestException">A line is wrong; the message names file and line.</exception>
    public static IEnumerable<Arrival> Load(string path, double speed)
    {
        if (!File.Exists(path))
        {
            throw new LoadTestException($"{path}: expected a recording, found no file");
        }

        return Parse(path, File.ReadLines(path), speed);
    }

    public static IEnumerable<Arrival> Parse(string path, IEnumerable<string> lines, double speed)
    {
        var (number, index, last) = (0, 0, 0.0);
        foreach (var text in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            var line = Read(path, number, text);
            var at = line.At ?? throw Wrong(path, number, "\"at\": seconds", "none");
            if (!(at >= last) || double.IsInfinity(at))
            {
                throw Wrong(path, number, FormattableString.Invariant($"\"at\" of at least {last}, in order of time"), FormattableString.Invariant($"{at}"));
            }

            last = at;
            yield return new Arrival(index++, at / speed, (line.PromptTokens, line.AnswerTokens) switch
            {
                (> 0 and { } prompt, > 0 and { } answer) => new Lengths(prompt, answer),
                (null, null) => null,
                _ => throw Wrong(path, number, "\"prompt_tokens\" and \"answer_tokens\" above 0, or neither", text),
            });
        }
    }

    private static Line Read(string path, int number, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, JsonFiles.Strict) ?? throw Wrong(path, number, "an object", "null");
        }
        catch (JsonException error)
        {
            throw Wrong(path, number, "{\"at\", \"prompt_tokens\", \"answer_tokens\"}", error.Message.Split(" Path:")[0]);
        }
    }

    private static LoadTestException Wrong(string path, int line, string expected, string found) => new($"{path}:{line}: expected {expected}, found {found}");
}
