namespace Llama4.LoadTest.Client;

/// <summary>Is told while an answer streams; from many threads at once.</summary>
internal interface IStreamSink
{
    /// <summary>Tokens came at <paramref name="to"/>, after <paramref name="from"/>: the request's sending, or the tokens before. Seconds of the run's clock.</summary>
    void Tokens(long id, double from, double to, bool first);

    /// <summary>The request ended at <paramref name="to"/>, well or not; nothing more will come after <paramref name="from"/>.</summary>
    void Ended(long id, double from, double to, bool failed);
}
