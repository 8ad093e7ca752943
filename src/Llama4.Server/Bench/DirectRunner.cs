using System.Diagnostics;
using System.Runtime.InteropServices;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Server.Bench;

/// <summary>The same blocks on a device of its own, called directly: what the grains' figures are held against.</summary>
/// <param name="rowsMax">Rows of a prefill step: the scheduler's.</param>
internal sealed class DirectRunner(DirectModel model, int rowsMax) : IBenchRunner
{
    private static readonly TokenDraw Greedy = new(new SamplingSettings { Temperature = 0 }, default, default, 0, 0, 0, null);

    /// <summary>The prompt whose keys and values each sequence holds, and the token drawn behind it.</summary>
    private readonly (int[] Prompt, int Next)?[] _sequences = new (int[], int)?[model.Steps.Sequences];

    private byte[] _logits = [];

    public async Task<double> PrefillAsync(int[] prompt, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        await BringInAsync(0, prompt, cancellation);
        return prompt.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public async Task<double> DecodeAsync(IReadOnlyList<int[]> prompts, int tokens, CancellationToken cancellation)
    {
        await BringInAsync(prompts, cancellation);
        var start = Stopwatch.GetTimestamp();
        await StepsAsync(prompts, tokens, null, cancellation);
        return (tokens - 1.0) * prompts.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Different experts that a step of these sequences touches, summed over the layers, on average over the steps.</summary>
    public async Task<double> TouchedExpertsAsync(IReadOnlyList<int[]> prompts, int tokens, CancellationToken cancellation)
    {
        await BringInAsync(prompts, cancellation);
        var trace = new TouchedExperts(model.Device);
        await StepsAsync(prompts, tokens, trace, cancellation);
        return (double)await trace.TakeAsync() / (tokens - 1);
    }

    /// <summary>Prompts that a sequence holds already stay: decoding writes behind them, and again the same.</summary>
    private async Task BringInAsync(IReadOnlyList<int[]> prompts, CancellationToken cancellation)
    {
        for (var i = 0; i < prompts.Count; i++)
        {
            if (_sequences[i]?.Prompt != prompts[i])
            {
                await BringInAsync(i, prompts[i], cancellation);
            }
        }
    }

    private async Task BringInAsync(int sequence, int[] prompt, CancellationToken cancellation)
    {
        foreach (var step in model.Steps.Prefill(sequence, 0, prompt, rowsMax, LogitRows.Last))
        {
            cancellation.ThrowIfCancellationRequested();
            using var logits = model.Run(step);
            if (logits is not null)
            {
                _sequences[sequence] = (prompt, (await DrawAsync(logits))[0]);
            }
        }
    }

    private async Task StepsAsync(IReadOnlyList<int[]> prompts, int tokens, ILayerTrace? trace, CancellationToken cancellation)
    {
        var next = prompts.Select((prompt, i) => (Sequence: i, Position: prompt.Length, Id: _sequences[i]!.Value.Next)).ToArray();
        for (var drawn = 1; drawn < tokens; drawn++) // the first came with the prompt
        {
            cancellation.ThrowIfCancellationRequested();
            using var logits = model.Run(model.Steps.Decode(next), trace)!;
            var ids = await DrawAsync(logits);
            for (var i = 0; i < next.Length; i++)
            {
                next[i] = (i, next[i].Position + 1, ids[i]);
            }
        }
    }

    private async Task<int[]> DrawAsync(Compute.Tensor logits)
    {
        if (_logits.Length < logits.Bytes)
        {
            _logits = new byte[logits.Bytes];
        }

        await model.Device.DownloadAsync(logits, _logits.AsMemory(0, (int)logits.Bytes));
        var ids = new int[logits.Rows];
        for (var row = 0; row < ids.Length; row++)
        {
            ids[row] = Sampler.Draw(MemoryMarshal.Cast<byte, float>(_logits).Slice(row * logits.Width, logits.Width), Greedy).Id;
        }

        return ids;
    }
}
