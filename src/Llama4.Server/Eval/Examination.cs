using System.Text;
using Llama4.Server.Chat;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Server.Eval;

/// <summary>Asks all questions, some at a time, and judges the answers.</summary>
internal static class Examination
{
    /// <summary>Questions under way at once: enough to fill the engine's batch, few enough for any server's queue.</summary>
    private const int QuestionsAtOnce = 16;

    /// <summary>Greedy, and at most as many tokens as the reference implementation was given.</summary>
    private static readonly AnswerSettings Greedy = new(TokensMax: 64, Temperature: 0, TopP: 1, Seed: 0);

    /// <param name="answered">Called with the number of questions answered so far, from any thread.</param>
    public static async Task<Scores> RunAsync(
        IReadOnlyList<Question> questions,
        IAnswerSource answers,
        Action<int> answered,
        CancellationToken cancellation)
    {
        var judged = new Judged?[questions.Count];
        var done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, questions.Count, options, async (i, token) =>
        {
            if (answers.MayTakePictures || !questions[i].HasPictures)
            {
                judged[i] = await JudgeAsync(answers, questions[i], token);
            }

            answered(Interlocked.Increment(ref done));
        });
        var items = judged.OfType<Judged>().ToList();
        return new Scores(items, questions.Count - items.Count);
    }

    private static async Task<Judged> JudgeAsync(IAnswerSource answers, Question question, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var calls = new List<ParsedToolCall>();
        await foreach (var piece in answers.AnswerAsync(question.Dialog, Greedy, cancellation))
        {
            text.Append(piece.Text);
            if (piece.Call is { } call)
            {
                calls.Add(call);
            }
        }

        return new Judged(question, text.ToString(), calls);
    }
}
