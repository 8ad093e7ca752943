using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Live;

/// <summary>How many answers with paths there are at one time, and of one request: paths are large, and wait for clients that read slowly.</summary>
internal sealed class TracedAnswers(GatewayOptions options)
{
    private int _inside;

    /// <exception cref="ApiError">A request asks for the paths of too many answers.</exception>
    public void Check(int answers)
    {
        if (answers > options.Limits.TracedChoicesMax)
        {
            throw ApiError.Invalid($"'n' may be {options.Limits.TracedChoicesMax} with 'llama4_path', over all prompts, but is {answers}.", "n");
        }
    }

    /// <summary>One more; it ends when the result is disposed.</summary>
    /// <exception cref="ApiError">There are too many.</exception>
    public IDisposable Enter()
    {
        if (Interlocked.Increment(ref _inside) > options.Limits.TracedAnswersMax)
        {
            Interlocked.Decrement(ref _inside);
            throw ApiError.TooMany($"{options.Limits.TracedAnswersMax} answers with 'llama4_path' are being given, which is the most.", options.Limits.RetryAfterSeconds);
        }

        return new Place(this);
    }

    private sealed class Place(TracedAnswers answers) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
            {
                Interlocked.Decrement(ref answers._inside);
            }
        }
    }
}
