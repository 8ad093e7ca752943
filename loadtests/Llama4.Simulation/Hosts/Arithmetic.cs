namespace Llama4.Simulation;

/// <summary>
/// A model of 64-bit numbers instead of rows: like the real one, a token depends on every token before it through keys and values, layer by layer, and on one
/// expert a layer. Whatever is lost, doubled, stale or out of place on the way gives another token.
/// </summary>
internal static class Arithmetic
{
    public const int Layers = 4;
    public const int Experts = 4;
    public const int ChunkPositions = 12;
    public const int BlockPositions = 4;
    public const int VocabSize = 1000;
    public const int StopId = 7;

    /// <summary>Every second layer sees everything, the others their chunk.</summary>
    public static bool IsChunked(int layer) => layer % 2 == 0;

    public static ulong Embed(int token) => Random64.Mix((ulong)token + 1);

    /// <summary>What one position's keys and values give to a later row.</summary>
    public static ulong Attended(ulong kv, int keyIndex) => Random64.Mix(kv + (ulong)keyIndex);

    /// <param name="attended">Sum of what the row attends to, itself included.</param>
    public static ulong Attend(ulong row, ulong attended) => Random64.Mix(row ^ attended);

    /// <summary>Half of all rows want the first, and their share of the others.</summary>
    public static int Expert(ulong row) => (row & 16) == 0 ? 0 : (int)(row % Experts);

    public static ulong RunExpert(int layer, int expert, ulong row) => Random64.Mix(row + ((ulong)((layer * Experts) + expert) << 32));

    public static int Draw(ulong row) => (int)(row % VocabSize);

    /// <summary>What a row says of the token that comes next.</summary>
    public static double Logprob(ulong row, int token) => -(double)(Random64.Mix(row ^ (ulong)token) % 4096);

    /// <summary>The answer to a prompt, and log-probabilities of all its tokens but the first, computed without any cluster.</summary>
    public static (List<int> Answer, List<double> Prompt) Answer(int[] prompt, int tokensMax)
    {
        var rated = new List<double>();
        var kv = new List<ulong>[Layers];
        for (var layer = 0; layer < Layers; layer++)
            kv[layer] = [];
        var answer = new List<int>();
        for (var position = 0; ; position++)
        {
            var row = Embed(position < prompt.Length ? prompt[position] : answer[position - prompt.Length]);
            for (var layer = 0; layer < Layers; layer++)
                row = RunLayer(layer, row, kv[layer], position);
            if (position < prompt.Length - 1)
            {
                rated.Add(Logprob(row, prompt[position + 1]));
                continue;
            }
            answer.Add(Draw(row));
            if (answer[^1] == StopId || answer.Count == tokensMax)
                return (answer, rated);
        }
    }

    private static ulong RunLayer(int layer, ulong row, List<ulong> kv, int position)
    {
        kv.Add(row);
        var first = IsChunked(layer) ? position - (position % ChunkPositions) : 0;
        var attended = 0UL;
        for (var seen = first; seen <= position; seen++)
            attended += Attended(kv[seen], seen - first);
        var after = Attend(row, attended);
        return RunExpert(layer, Expert(after), after);
    }
}
