using System.Text.Json;

namespace Llama4.LoadTest.Work;

/// <summary>A question whose answer is known.</summary>
/// <param name="Text">What is asked.</param>
/// <param name="Answer">A right answer contains it as words of its own, in whatever case.</param>
internal sealed record Question(string Text, string Answer)
{
    private sealed record Line(string? Question, string? Answer);

    /// <summary>Reads JSON lines <c>{"question", "answer"}</c>.</summary>
    /// <exception cref="LoadTestException">The file cannot be read, or a line is wrong.</exception>
    public static IReadOnlyList<Question> Load(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LoadTestException($"{path}: expected a file of questions, found: {error.Message}");
        }

        Question[] questions = [.. lines.Select((text, i) => (Text: text, Number: i + 1)).Where(line => line.Text.Length > 0).Select(line => Parse(path, line.Number, line.Text))];
        return questions.Length > 0 ? questions : throw new LoadTestException($"{path}: expected at least one question, found none");
    }

    public bool IsRight(string answer)
    {
        for (var at = 0; (at = answer.IndexOf(Answer, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            if ((at == 0 || !char.IsLetterOrDigit(answer[at - 1])) && (at + Answer.Length == answer.Length || !char.IsLetterOrDigit(answer[at + Answer.Length])))
            {
                return true;
            }
        }

        return false;
    }

    private static Question Parse(string path, int number, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, JsonFiles.Strict) is { Question.Length: > 0, Answer.Length: > 0 } line
                ? new Question(line.Question, line.Answer)
                : throw new JsonException(text);
        }
        catch (JsonException error)
        {
            throw new LoadTestException($"{path}:{number}: expected {{\"question\": text, \"answer\": text}}, found: {error.Message.Split(" Path:")[0]}");
        }
    }
}
