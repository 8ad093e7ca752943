namespace Llama4.Scheduling;

/// <summary>Every bound of the scheduler. Requests in it: at most WaitingMax waiting + SequencesMax admitted.</summary>
public sealed record SchedulerLimits
{
    /// <summary>Most positions of a sequence, prompt and answer together: the model's context.</summary>
    public required int ContextMax { get; init; }

    /// <summary>Most rows of a step. At least SequencesMax, so that every decode fits and prefill always has a row left.</summary>
    public int TokensPerStepMax { get; init; } = 512;

    /// <summary>
    /// Most sequences admitted at once (running, or preempted and coming back), and most rows of a step whose logits are needed: where fewer run, those with prompt
    /// log-probabilities may have what is left. Hosts have memory for so many rows of logits.
    /// </summary>
    public int SequencesMax { get; init; } = 64;

    /// <summary>Most requests waiting for admission.</summary>
    public int QueueMax { get; init; } = 256;

    /// <summary>With those whose answers are read already, and that another engine has lost: as many more as that one can have had admitted.</summary>
    public int WaitingMax => QueueMax + SequencesMax;

    /// <summary>
    /// Most of them from one caller once no more than so many places are left. Before that one may have more: a caller that is alone waits in
    /// order instead of being refused, and still there is always room for another.
    /// </summary>
    public int QueuePerCallerMax { get; init; } = 64;

    /// <summary>Most rows of one sequence in a step.</summary>
    public int PrefillChunkMax { get; init; } = 512;

    /// <summary>Most micro-batches in flight: as many a stage as <see cref="MicroBatchPolicy"/> takes at most, for 8 stages.</summary>
    public int MicroBatchesMax { get; init; } = MicroBatchPolicy.PerStageMax * 8;

    /// <summary>Times in a row a sequence's step may be aborted and done again before the sequence ends with an error.</summary>
    public int ReplaysMax { get; init; } = 3;

    /// <summary>What a caller is told to wait when the queue is full.</summary>
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>
    /// So long engines stand still for a planned change at most to have the last KV blocks copied; what is not by then is computed again. Half of the 200 ms
    /// that streams may pause.
    /// </summary>
    public TimeSpan LastKvMax { get; init; } = TimeSpan.FromMilliseconds(100);

    internal void Validate()
    {
        foreach (var (value, name) in new[]
        {
            (ContextMax, nameof(ContextMax)), (TokensPerStepMax, nameof(TokensPerStepMax)), (SequencesMax, nameof(SequencesMax)),
            (QueueMax, nameof(QueueMax)), (QueuePerCallerMax, nameof(QueuePerCallerMax)), (PrefillChunkMax, nameof(PrefillChunkMax)),
            (MicroBatchesMax, nameof(MicroBatchesMax)),
        })
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(ReplaysMax);
        if (TokensPerStepMax < SequencesMax)
        {
            throw new ArgumentException(
                $"TokensPerStepMax is {TokensPerStepMax} but SequencesMax is {SequencesMax}: a step must hold one token of every sequence.");
        }
    }
}
